/** Where a helper container has its mount. */
export const MOUNT_PLACE = '/m'
