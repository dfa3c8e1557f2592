import type {ImageDetails} from '../../../engine/types.js'
import type {Tap} from '../../../tap-folder/tap.js'
import type {CodeOrigin} from '../model.js'

/** What an image's labels say about its code: only hints, since anybody can write them. */
export function codeOrigin(
  image: Pick<ImageDetails, 'Config'>,
  {branch, commit}: Pick<Tap, 'branch' | 'commit'>,
): CodeOrigin {
  const labels = image.Config?.Labels ?? {}
  const ofBranch = labels['com.keg.package.branch']
  if (branch !== undefined && ofBranch !== undefined && ofBranch !== '' && ofBranch !== branch)
    return {kind: 'other-branch', branch: ofBranch, checkedOut: branch}
  const ofCommit = labels['com.keg.package.folder-commit'] ?? labels['org.opencontainers.image.revision']
  // Only if the branch is the same: a base image's commit is its own project's.
  const isSameBranch = branch !== undefined && ofBranch === branch
  if (
    isSameBranch &&
    commit !== undefined &&
    ofCommit !== undefined &&
    /^[0-9a-f]{40,64}$/.test(ofCommit) &&
    ofCommit !== commit
  )
    return {kind: 'other-commit', commit: ofCommit, checkedOut: commit}
  return {kind: 'same'}
}
