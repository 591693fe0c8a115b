'use strict'

// A shop that calls PortOne V1 with iamport-rest-client-nodejs. But for the base URL nothing is the gateway's.

const { Iamport, Request } = require('iamport-rest-client-nodejs')
const serve = require('./lines.cjs')

const iamport = new Iamport({ apiKey: 'order-service', apiSecret: process.env.TOKEN, baseUrl: process.env.BASE_URL })

const names = Object.entries(Request).flatMap(([group, requests]) =>
  Object.getOwnPropertyNames(requests)
    .filter((name) => typeof requests[name] === 'function' && name !== 'prototype')
    .map((name) => `${group}.${name}`))

serve((name) => async (...args) => {
  const [group, method] = name.split('.')
  const answer = await Request[group][method](...args).request(iamport)
  return { status: answer.status, ...answer.data }
}, names)
