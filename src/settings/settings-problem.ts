/** What a person should look at, for /v1/status. @property subject "bgppeer/tor1" */
export type SettingsProblem = { readonly severity: 'warning' | 'error'; readonly subject: string; readonly message: string }
