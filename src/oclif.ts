/**
 * What bin/run.js needs of oclif, in one file: loading the hundred and fifty files of an installed oclif takes longer than
 * everything keg does before a command. Commands and hooks share its chunks.
 */
export {flush} from '@oclif/core/flush'
export {handle} from '@oclif/core/handle'
export {run} from '@oclif/core/run'
export {settings} from '@oclif/core/settings'
