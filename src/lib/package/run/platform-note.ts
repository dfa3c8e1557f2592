import type {ImageDetails} from '../../engine/types.js'
import {printable} from '../../terminal/text.js'

/** Architectures that processors run besides their own. */
const ALSO_RUNS: Readonly<Record<string, readonly string[]>> = {amd64: ['386'], arm64: ['arm']}

/** Names that engines and kernels use for what images call by Go's name. */
const GO_NAMES: Readonly<Record<string, string>> = {x86_64: 'amd64', aarch64: 'arm64'}

/** A sentence for an image of another platform than the engine's; undefined when they go together. */
export function platformNote(
  image: Pick<ImageDetails, 'Os' | 'Architecture'>,
  engine: {readonly os: string; readonly architecture: string},
): string | undefined {
  const {Os: os, Architecture: architecture} = image
  const own = GO_NAMES[engine.architecture] ?? engine.architecture
  // Images that somebody imported may say nothing of their platform.
  if (os === '' || architecture === '') return undefined
  if (os === engine.os && (architecture === own || ALSO_RUNS[own]?.includes(architecture) === true)) return undefined
  return `The image is for ${printable(`${os}/${architecture}`)}, this engine is ${printable(`${engine.os}/${own}`)}: it runs only where the engine emulates that, and slowly.`
}
