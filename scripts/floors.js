/**
 * `node scripts/floors.js`: checks the floors of src/lib. Fails for imports that break a rule of .dependency-cruiser.js, and
 * for circular imports between rooms.
 */
import {cruiseSources} from './floors/cruise.js'
import {findBreaches} from './floors/breaches.js'
import {repository} from './setup/dependencies.js'

const breaches = findBreaches(await cruiseSources(repository, {validate: true}))
for (const {places, rule, what} of breaches) console.log([`${rule}: ${what}`, ...places].join('\n  '))
process.exitCode = breaches.length > 0 ? 1 : 0
