import {readUserConfiguration} from '../../config/user-configuration.js'
import type {ContainerRow} from '../../engine/types.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {COMPOSE_SERVICE, rowsOfFolder} from './match-rows.js'
import {withoutSlash} from '../container-name.js'

/**
 * A suggestion for an unknown container: `Did you mean shop-dev? `, from all that {@link findTarget} accepts. Empty if
 * nothing is similar.
 * @param folders to look for services in
 */
export async function suggestTarget(
  target: string,
  {
    environment,
    folders,
    rows,
  }: {environment: NodeJS.ProcessEnv; folders: readonly string[]; rows: readonly ContainerRow[]},
): Promise<string> {
  const {taps} = await readUserConfiguration(environment)
  const names = rows.flatMap(({Names}) => (Names ?? []).map(withoutSlash))
  const services = rowsOfFolder(rows, folders, undefined).flatMap(({Labels}) => Labels?.[COMPOSE_SERVICE] ?? [])
  return didYouMean(target, [...names, ...taps.keys(), ...services])
}
