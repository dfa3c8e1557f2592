import type {Engine} from '../../engine/engine.js'
import {UsageError} from '../../error/keg-error.js'
import {compressorFor, type CompressionOptions, type Compressor} from '../../image/archive/compression.js'
import {isOlder} from '../../process/version.js'
import {printable} from '../../terminal/text.js'
import type {PackageWay} from '../target/model.js'

export interface ChooseCompressorOptions extends CompressionOptions {
  readonly verify: boolean
  /** Undefined if no flag says anything about it. */
  readonly way: PackageWay | undefined
}

/** The first Docker that pulls layers compressed with zstd. */
const ZSTD_VERSION = '23.0'

/**
 * How the layers of a package are compressed that keg itself sends to a registry.
 * @throws UsageError `compression-unusable` if it would not be used, or the package could not be pulled or verified; what
 * compressorFor throws
 */
export function chooseCompressor(
  engine: Pick<Engine, 'version'>,
  {compression, level, verify, way}: ChooseCompressorOptions,
): Compressor {
  if (way?.via !== 'registry' && (compression !== 'gzip' || level !== undefined))
    throw unusable(
      'Only layers that keg itself sends to a registry are compressed as --compression and --compression-level say.',
      'Push it to a registry, without --via engine, or leave them out.',
    )
  if (compression === 'zstd' && isOlder(engine.version, ZSTD_VERSION))
    throw unusable(
      `This engine (${printable(engine.version)}) cannot pull layers that are compressed with zstd: that takes Docker 23.`,
      USE_GZIP,
    )
  if (compression === 'zstd' && verify)
    throw unusable('keg cannot read layers back that are compressed with zstd, as --verify does.', USE_GZIP)
  return compressorFor({compression, level})
}

const USE_GZIP = 'Leave out --compression zstd.'

function unusable(message: string, hint: string): UsageError {
  return new UsageError(message, {code: 'compression-unusable', hint})
}
