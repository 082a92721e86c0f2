/** The version in package.json, without reading it: where that file lies differs between sources and what is built. */
export const version = '0.1.0'
