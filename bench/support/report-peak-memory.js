/** `node --import` of this file writes a program's maximum resident set size, in KiB, to the file that PEAK_MEMORY names. */
import {writeFileSync} from 'node:fs'

const file = process.env.PEAK_MEMORY
if (file !== undefined) process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS)))
