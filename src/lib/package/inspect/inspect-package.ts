import type {Questions} from '../../command/ask.js'
import {Engine} from '../../engine/engine.js'
import {formatReference} from '../../reference/reference.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {readPackageFacts, type ReadFacts} from '../image/read-labels.js'
import {obtainImage, type PullPolicy} from '../obtain-image.js'
import {requestedPackage} from '../requested-package.js'

/** Which package is shown. */
export interface InspectPackageOptions {
  /** As the user gave it; undefined is asked for. */
  readonly reference: string | undefined
  readonly pull: PullPolicy
  readonly environment: NodeJS.ProcessEnv
  readonly questions: Questions
  readonly progress: ProgressListener
  readonly signal: AbortSignal
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
}

/** What scripts get, with `--json`: what the engine knows of the image, and what its labels say. */
export interface InspectResult extends ReadFacts {
  readonly reference: string
  /** Id of the image in the engine. */
  readonly image: string
  /** Null where no registry gave it one. */
  readonly digest: string | null
  /** As docker writes it: `linux/arm64/v8`. */
  readonly platform: string
  readonly layers: number
  readonly bytes: number
}

/**
 * Reads what a package says of itself. Nothing of it is checked: that is what verifying is for.
 * @throws FailedError `not-a-package`, `package-schema-unknown`; what getting the image throws.
 */
export async function inspectPackage(options: InspectPackageOptions): Promise<InspectResult> {
  const {reference, understood} = await requestedPackage(options.reference, options.questions)
  options.say(`Understood: ${understood}.`)
  const engine = await Engine.connect(options.environment)
  const {digest, image} = await obtainImage({...options, engine, reference})
  const name = formatReference(reference)
  return {
    reference: name,
    image: image.Id,
    digest: digest ?? null,
    platform: [image.Os, image.Architecture, image.Variant]
      .filter((part) => part !== undefined && part !== '')
      .join('/'),
    layers: (image.RootFS.Layers ?? []).length,
    bytes: image.Size,
    ...readPackageFacts(name, image.Config?.Labels),
  }
}
