import {expect} from 'chai'
import {provideDefault} from '../../../src/lib/process/resolved.js'
import {UsageError} from '../../../src/lib/error/keg-error.js'
import {findBranch, tagOf} from '../../../src/lib/branch/branch.js'

const commit = '0123456789abcdef0123456789abcdef01234567'
const repository = {branch: 'of-git', commit}

describe('the current branch', () => {
  it('is --branch, else KEG_BRANCH, else the CI service’s, else git’s', () => {
    const built = {GITHUB_ACTIONS: 'true', GITHUB_REF_NAME: 'of-ci'}
    const own = {...built, KEG_BRANCH: 'of-environment'}
    expect(findBranch({environment: own}, {flag: 'of-flag', repository})).to.deep.equal({
      branch: 'of-flag',
      origin: '--branch',
    })
    expect(findBranch({environment: own}, {repository})).to.deep.equal({branch: 'of-environment', origin: 'KEG_BRANCH'})
    expect(findBranch({environment: built}, {repository})).to.deep.equal({branch: 'of-ci', origin: 'GITHUB_REF_NAME'})
    expect(findBranch({environment: {}}, {repository})).to.deep.equal({branch: 'of-git', origin: 'git'})
  })

  it('is the commit if git has no branch, and unknown without git', () => {
    const detached = {branch: undefined, commit}
    expect(findBranch({environment: {}}, {repository: detached})).to.deep.equal({commit, origin: 'git'})
    expect(findBranch({environment: {}}, {})).to.equal(undefined)
  })

  it('is never a KEG_BRANCH that keg set itself, nor an empty one', () => {
    const environment: NodeJS.ProcessEnv = {}
    provideDefault(environment, 'KEG_BRANCH', 'of-keg', 'git')
    expect(findBranch({environment}, {repository})).to.deep.equal({branch: 'of-git', origin: 'git'})
    expect(findBranch({environment: {KEG_BRANCH: ''}}, {repository})).to.deep.equal({branch: 'of-git', origin: 'git'})
  })

  it('cannot be empty on the command line', () => {
    expect(() => findBranch({environment: {}}, {flag: '', repository})).to.throw(UsageError, /empty/)
  })

  describe('in CI', () => {
    const pull = {GITHUB_REF_NAME: '12/merge', GITHUB_HEAD_REF: 'feature/a', GITHUB_REF_TYPE: 'branch'}
    const cases: [kind: string, marker: NodeJS.ProcessEnv, rest: NodeJS.ProcessEnv, branch: string | undefined][] = [
      ['GitHub push', {GITHUB_ACTIONS: 'true'}, {GITHUB_REF_NAME: 'feature/a', GITHUB_HEAD_REF: ''}, 'feature/a'],
      ['GitHub pull request', {GITHUB_ACTIONS: 'true'}, pull, 'feature/a'],
      ['GitHub tag', {GITHUB_ACTIONS: 'true'}, {GITHUB_REF_NAME: 'v1', GITHUB_REF_TYPE: 'tag'}, undefined],
      ['GitLab push', {GITLAB_CI: 'true'}, {CI_COMMIT_REF_NAME: 'a'}, 'a'],
      [
        'GitLab merge request',
        {GITLAB_CI: 'true'},
        {CI_COMMIT_REF_NAME: 'refs/merge-requests/1/head', CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'a'},
        'a',
      ],
      ['GitLab tag', {GITLAB_CI: 'true'}, {CI_COMMIT_REF_NAME: 'v1', CI_COMMIT_TAG: 'v1'}, undefined],
      ['Bitbucket', {BITBUCKET_BUILD_NUMBER: '7'}, {BITBUCKET_BRANCH: 'a'}, 'a'],
      ['CircleCI', {CIRCLECI: 'true'}, {CIRCLE_BRANCH: 'a'}, 'a'],
      ['Buildkite', {BUILDKITE: 'true'}, {BUILDKITE_BRANCH: 'a'}, 'a'],
      ['Buildkite tag', {BUILDKITE: 'true'}, {BUILDKITE_BRANCH: 'v1', BUILDKITE_TAG: 'v1'}, undefined],
      ['Travis push', {TRAVIS: 'true'}, {TRAVIS_BRANCH: 'a', TRAVIS_PULL_REQUEST_BRANCH: ''}, 'a'],
      ['Travis pull request', {TRAVIS: 'true'}, {TRAVIS_BRANCH: 'main', TRAVIS_PULL_REQUEST_BRANCH: 'a'}, 'a'],
      ['Travis tag', {TRAVIS: 'true'}, {TRAVIS_BRANCH: 'v1', TRAVIS_TAG: 'v1'}, undefined],
      ['Azure push', {TF_BUILD: 'True'}, {BUILD_SOURCEBRANCH: 'refs/heads/feature/a'}, 'feature/a'],
      [
        'Azure pull request',
        {TF_BUILD: 'True'},
        {BUILD_SOURCEBRANCH: 'refs/pull/1/merge', SYSTEM_PULLREQUEST_SOURCEBRANCH: 'refs/heads/a'},
        'a',
      ],
      ['Azure tag', {TF_BUILD: 'True'}, {BUILD_SOURCEBRANCH: 'refs/tags/v1'}, undefined],
      ['Jenkins', {JENKINS_URL: 'https://jenkins.example.com/'}, {BRANCH_NAME: 'a'}, 'a'],
      ['Jenkins change', {JENKINS_URL: 'https://jenkins.example.com/'}, {BRANCH_NAME: 'PR-1', CHANGE_BRANCH: 'a'}, 'a'],
      ['Jenkins tag', {JENKINS_URL: 'https://jenkins.example.com/'}, {BRANCH_NAME: 'v1', TAG_NAME: 'v1'}, undefined],
    ]
    for (const [kind, marker, rest, branch] of cases) {
      it(`of ${kind} is ${branch ?? 'none'}, and the variables alone, without the service's marker, are ignored`, () => {
        const found = findBranch({environment: {...marker, ...rest}}, {})
        expect(found && 'branch' in found ? found.branch : found).to.equal(branch)
        if (found !== undefined) expect(rest).to.have.property(found.origin)
        expect(findBranch({environment: rest}, {})).to.equal(undefined)
      })
    }
  })

  it('gives the tag of the branch, or of the commit', () => {
    expect(tagOf({branch: 'Fix.1', origin: 'git'})).to.equal('Fix.1')
    expect(tagOf({branch: 'x$(id)', origin: 'git'})).to.match(/^x-id-k[0-9a-f]{10}$/)
    expect(tagOf({commit, origin: 'git'})).to.equal('sha-0123456789ab')
  })
})
