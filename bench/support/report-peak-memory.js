/** `node --import` of this file writes the largest resident set of a program, in KiB, to the file that PEAK_MEMORY names. */
import {writeFileSync} from 'node:fs'

const file = process.env.PEAK_MEMORY
if (file !== undefined) process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS)))
