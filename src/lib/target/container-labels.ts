/** What a container belongs to, as keg writes it on what it starts. Read as hints, never as rights. */
export const CONTAINER_LABELS = {
  /** The folder whose code it runs. */
  folder: 'com.keg.folder',
  /** Whole name of the branch that it is for. */
  branch: 'com.keg.branch',
  /** Name of the tap that it was started for. */
  tap: 'com.keg.tap',
  /** `true` on the one container of a tap that its code is synced into. */
  tapMain: 'com.keg.tap.main',
  /** One of dev, package, debug, rescue, build, test, helper. */
  role: 'com.keg.role',
} as const
