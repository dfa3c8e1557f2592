import {aliasFile} from './tap-files.js'
import type {NewFile} from './new-file.js'

/** What is known about a folder with a compose file that becomes a tap. */
export interface ComposeTapFacts {
  /** A tap's name. */
  readonly name: string
  /** `--from`: the image to run instead of the compose file's. */
  readonly image: string | undefined
  /** `--port`: port in the container. */
  readonly port: number | undefined
  /** Whether a file of the folder already names the tap, or is a tap.json. */
  readonly isNamed: boolean
}

/**
 * The files that make a folder with its own compose file a tap. The compose file is not changed, and decides everything that
 * no flag does.
 */
export function composeTapFiles({image, isNamed, name, port}: ComposeTapFacts): NewFile[] {
  const values = [
    ...(image === undefined ? [] : ['  # The image that is run.', `  KEG_IMAGE_FROM: ${image}`]),
    ...(port === undefined ? [] : ['  # Port in the container that the app listens on.', `  KEG_PROXY_PORT: ${port}`]),
  ]
  return [
    ...(isNamed ? [] : [aliasFile(name)]),
    ...(values.length === 0 ? [] : [{path: 'values.yml', text: ['env:', ...values, ''].join('\n'), mode: 0o644}]),
  ]
}
