import {property} from '../json/json.js'

/** What an image is for, in Go's names (OCI image-spec, image-index.md, `platform`). */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** Go's names, which images use, for those of Node. */
const OF_NODE: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {x64: 'amd64', ia32: '386', ppc64: 'ppc64le'}

/** Go's names for those of kernels, which engines may use. */
const OF_KERNELS: Readonly<Record<string, string>> = {x86_64: 'amd64', aarch64: 'arm64'}

/** What each architecture runs, the best first (containerd, platforms/compare.go); one that is not here runs itself. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  amd64: ['amd64', '386'],
  arm64: ['arm64', 'arm/v8', 'arm/v7', 'arm/v6', 'arm/v5'],
  arm: ['arm/v7', 'arm/v6', 'arm/v5'],
}

/** Variants that an architecture has if an image does not say (containerd, platforms/database.go). */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = {amd64: 'v1', arm64: 'v8', arm: 'v7'}

/** The platform of containers on this machine: those of Docker Desktop are for Linux, too. */
export function hostPlatform(): Platform {
  return {os: 'linux', architecture: OF_NODE[process.arch] ?? process.arch}
}

/** The platforms of images that run on one, the best first. */
export function platformsThatRunOn({architecture, os}: Platform): Platform[] {
  const name = OF_KERNELS[architecture] ?? architecture
  return (RUNS[name] ?? [name]).map((text) => {
    const [own = '', variant] = text.split('/')
    return {os, architecture: own, ...(variant !== undefined && {variant})}
  })
}

/** `linux/arm/v6`, without a variant that the architecture has anyway. @param platform as anybody may have written it */
export function platformText(platform: unknown): string {
  const [os, architecture, variant] = ['os', 'architecture', 'variant'].map((name) => property(platform, name))
  const isUsual = typeof architecture === 'string' && variant === DEFAULT_VARIANTS[architecture]
  return [os, architecture, isUsual ? undefined : variant]
    .filter((part): part is string => typeof part === 'string' && part !== '')
    .join('/')
}
