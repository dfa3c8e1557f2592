import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {listProperty, parseJson, property} from '../../json/json.js'
import {TAP_PLUGIN_NAME} from './tap-commands.js'

/** The list of the user's plugins, as oclif and plugin-plugins store it in the data folder (PJSON of @oclif/core). */
export function pluginListFile(dataFolder: string): string {
  return join(dataFolder, 'package.json')
}

/**
 * The list with or without the plugin of linked taps. plugin-plugins would write the same, but in two steps: in between,
 * another keg finds the list empty, and none of the user's plugins.
 * @param text the current list; undefined if there is none yet
 * @param folder of the plugin; undefined removes it from the list
 * @returns the new list; undefined if nothing changes
 * @throws Error for a text that is not a list
 */
export function changedPluginList(text: string | undefined, folder: string | undefined): string | undefined {
  const list = text === undefined ? {private: true} : parseJson(text)
  if (typeof list !== 'object' || list === null || Array.isArray(list)) throw new Error('package.json is no object')
  const oclif = property(list, 'oclif')
  const plugins = listProperty(oclif, 'plugins')
  const others = plugins.filter((each) => property(each, 'name') !== TAP_PLUGIN_NAME)
  const own = plugins.filter((each) => !others.includes(each))
  const isAsWanted =
    folder === undefined
      ? own.length === 0
      : own.length === 1 && property(own[0], 'type') === 'link' && property(own[0], 'root') === folder
  if (isAsWanted) return undefined
  const entry = folder === undefined ? [] : [{name: TAP_PLUGIN_NAME, root: folder, type: 'link'}]
  const settings = {schema: 1, ...(typeof oclif === 'object' ? oclif : {}), plugins: [...others, ...entry]}
  return `${JSON.stringify({...list, oclif: settings}, null, 2)}\n`
}

/** A file's text; undefined if it does not exist. */
export async function textIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined
    }
    throw error
  }
}
