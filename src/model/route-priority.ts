import Type from 'typebox'

/** A kernel metric that has a LOCAL_PREF as its mirror image (resource reference §6.11.4). */
export const routePriority = Type.Integer({ minimum: 1, maximum: 2_147_483_646 })
