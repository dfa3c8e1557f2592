/** What a container belongs to, set on the containers that keg starts. These are only hints, never a permission. */
export const CONTAINER_LABELS = {
  /** The folder whose code it runs. */
  folder: 'com.keg.folder',
  /** Full name of its branch. */
  branch: 'com.keg.branch',
  /** Name of its tap. */
  tap: 'com.keg.tap',
  /** `true` on the container of a tap that its code is synced into. */
  tapMain: 'com.keg.tap.main',
  /** One of dev, package, debug, rescue, build, test, helper. */
  role: 'com.keg.role',
} as const
