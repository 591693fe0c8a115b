'use strict'

// A shop that calls PortOne V2 with @portone/server-sdk. But for the base URL nothing is the gateway's.

const { PortOneClient, PortOneError, Webhook } = require('@portone/server-sdk')
const serve = require('./lines.cjs')

const portone = PortOneClient({ secret: process.env.TOKEN, baseUrl: process.env.BASE_URL })

// walk is every function below an object, by its path.
function walk(object, path, found) {
  for (const [name, value] of Object.entries(object)) {
    if (typeof value === 'function') found.set(path + name, value)
    else walk(value, `${path}${name}.`, found)
  }
  return found
}

const calls = walk(portone, '', new Map([['webhook.verify', Webhook.verify]]))

serve((name) => async (...args) => {
  try {
    return await calls.get(name)(...args)
  } catch (error) {
    // A shop tells PortOne's errors from all others by their class.
    if (!(error instanceof PortOneError)) error.name = `not PortOne's: ${error.name}`
    throw error
  }
}, [...calls.keys()])
