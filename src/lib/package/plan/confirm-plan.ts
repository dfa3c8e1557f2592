import type {Prompt} from '../../terminal/prompt.js'
import {FailedError} from '../../error/keg-error.js'
import {formatBytes} from '../../terminal/text.js'
import type {PackageContext} from './package-context.js'
import type {PackagePlan} from './package-plan.js'
import {MAX_BYTES_UNASKED, mountBytes} from './plan-package.js'

/** The secret search, and what asks the user. */
interface ConfirmingContext {
  readonly secrets: Pick<PackageContext['secrets'], 'ask'>
  readonly work: Pick<PackageContext['work'], 'prompt' | 'signal'>
}

/** Asks the user to confirm secrets in a package, and its size. @throws what SecretCheck.ask throws; FailedError `cancelled` */
export async function confirmPlan(plan: PackagePlan, {secrets, work}: ConfirmingContext): Promise<void> {
  await secrets.ask()
  if (mountBytes(plan) > MAX_BYTES_UNASKED) await confirmSize(plan, work.prompt)
  work.signal.throwIfAborted()
}

/** Checks, without changing anything, that the syncs into the container are clean. @throws RefusedError `sync-unclean` */
export async function checkPlan({source, work}: Pick<PackageContext, 'source' | 'work'>): Promise<void> {
  const syncs = await source.findingSyncs
  await syncs.check(work.signal)
}

async function confirmSize(plan: PackagePlan, prompt: Prompt): Promise<void> {
  const amount = `${plan.measured ? '' : 'more than '}${formatBytes(mountBytes(plan))}`
  if (await prompt.confirm(`The mounts hold ${amount}. Package them?`, {flag: '--yes'})) return
  throw new FailedError('Nothing was packaged.', {
    code: 'cancelled',
    hint: 'Exclude mounts with --exclude-mount or --mounts.',
  })
}
