/**
 * `node --import` of this file writes what a program used to the file that REPORT_RESOURCES names: its largest resident set in bytes,
 * and the time of processors in microseconds.
 */
import {readFileSync, writeFileSync} from 'node:fs'

const file = process.env.REPORT_RESOURCES
if (file !== undefined) {
  process.on('exit', () => {
    const {maxRSS, systemCPUTime, userCPUTime} = process.resourceUsage()
    const memoryBytes = 1024 * (peakOfThisProgram() ?? maxRSS)
    writeFileSync(file, JSON.stringify({memoryBytes, processorTime: userCPUTime + systemCPUTime}))
  })
}

/** Linux counts what the starting process had into maxRSS (getrusage(2)), but not into VmHWM (proc_pid_status(5)). */
function peakOfThisProgram() {
  try {
    const peak = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return peak === undefined ? undefined : Number(peak)
  } catch {
    return undefined
  }
}
