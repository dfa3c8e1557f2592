import type {ImageDetails, RuntimeConfig} from '../../engine/types.js'
import {property} from '../../json/json.js'

/**
 * An image as an engine would describe it, from its configuration (OCI image-spec, config.md).
 * @param value the configuration as anybody may have written it
 * @returns undefined if it is not one, or a part of it is of another type than engines accept
 */
export function imageDetails(id: string, value: unknown): ImageDetails | undefined {
  const [os, architecture, variant, created] = ['os', 'architecture', 'variant', 'created'].map((name) =>
    property(value, name),
  )
  const config = property(value, 'config') ?? {}
  const layers = property(property(value, 'rootfs'), 'diff_ids')
  if (!isText(os) || !isText(architecture) || !isTextList(layers) || !isRuntimeConfig(config)) return undefined
  return {
    Id: id,
    ...(isText(created) && {Created: created}),
    Architecture: architecture,
    ...(isText(variant) && {Variant: variant}),
    Os: os,
    Size: 0,
    Config: Object.fromEntries(Object.entries(config).filter(([, field]) => field !== null)),
    RootFS: {Type: 'layers', Layers: layers},
  }
}

type Check = (value: unknown) => boolean

/** What each field must be; null and a missing field are the same. */
const FIELDS: Readonly<Record<keyof RuntimeConfig, Check>> = {
  User: isText,
  ExposedPorts: isObject,
  Env: isTextList,
  Cmd: isTextList,
  Entrypoint: isTextList,
  Volumes: isObject,
  WorkingDir: isText,
  Labels: (value) => isObject(value) && Object.values(value).every(isText),
  Healthcheck: isObject,
  OnBuild: isTextList,
  Shell: isTextList,
  StopSignal: isText,
  StopTimeout: (value) => typeof value === 'number',
  ArgsEscaped: (value) => typeof value === 'boolean',
  Tty: (value) => typeof value === 'boolean',
  OpenStdin: (value) => typeof value === 'boolean',
}

function isRuntimeConfig(config: unknown): config is RuntimeConfig {
  if (!isObject(config)) return false
  return Object.entries(FIELDS).every(([name, isValid]) => {
    const value = property(config, name)
    return value === undefined || value === null || isValid(value)
  })
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
