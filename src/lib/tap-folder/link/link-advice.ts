import {basename, dirname} from 'node:path'
import {commandLine} from '../../terminal/command-line.js'
import {isTapFolder} from '../is-tap-folder.js'
import {isFolder} from './linked-folder.js'

/** A link, and its folder. */
interface Link {
  readonly name: string
  readonly folder: string
}

/** How to link a folder; if it may be that of a tap that was moved, under the tap's name. */
export async function linkAdvice(folder: string, links: readonly Link[]): Promise<string> {
  const top = await tapFolderAbove(folder)
  const present = await Promise.all(links.map((link) => isFolder(link.folder)))
  const gone = top === undefined ? [] : links.filter((_, index) => present[index] === false)
  const alike = gone.filter((link) => basename(link.folder) === basename(top ?? ''))
  const [moved, other] = alike.length > 0 ? alike : gone
  if (moved === undefined || other !== undefined || top === undefined)
    return `Link this folder with: ${commandLine`keg tap link`}`
  return `The folder of ${moved.name} is gone; if it was moved here, link it with: ${commandLine`keg tap link ${top} --name ${moved.name}`}`
}

/** The nearest folder, upwards, that can be linked. */
async function tapFolderAbove(place: string): Promise<string | undefined> {
  for (let folder = place; dirname(folder) !== folder; folder = dirname(folder))
    if (await isTapFolder(folder)) return folder
  return undefined
}
