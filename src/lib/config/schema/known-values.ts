import {BUILD_VALUES, IMAGE_VALUES} from './image-values.js'
import {COMPOSE_VALUES, FOLDER_VALUES} from './folder-values.js'
import {PROXY_VALUES, START_VALUES} from './start-values.js'
import {OTHER_VALUES, RETIRED_VALUES} from './other-values.js'
import type {ValueDefinition, ValueGroup} from './value-definition.js'

/** All known values, as in docs/values.md. */
export const VALUE_GROUPS: readonly ValueGroup[] = [
  {title: 'Images', definitions: IMAGE_VALUES},
  {title: 'Builds', definitions: BUILD_VALUES},
  {title: 'Start', definitions: START_VALUES},
  {title: 'Folders and files', definitions: FOLDER_VALUES},
  {title: 'Compose', definitions: COMPOSE_VALUES},
  {title: 'Ports and proxy', definitions: PROXY_VALUES},
  {title: 'Names and git', definitions: OTHER_VALUES},
  {title: 'No longer used', definitions: RETIRED_VALUES},
]

export const KNOWN_VALUES: readonly ValueDefinition[] = VALUE_GROUPS.flatMap(({definitions}) => definitions)
