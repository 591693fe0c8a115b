'use strict'

// Reads calls from the standard input, one JSON a line: {"name": "Payments.cancel", "args": [...]}. Makes one after the
// other and writes one JSON a line: {"value"} or {"error"}. A call without a name lists the calls that there are.

const readline = require('node:readline')

// told is what a shop's code finds in an error: the HTTP status and body where its SDK says them.
function told(error) {
  const { name, message, reason, response, data } = error
  return { name, message, reason, code: error.code, status: response?.status, data: data ?? response?.data }
}

// serve makes calls: find gives the function of a name, names are all of them.
module.exports = async function serve(find, names) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { name, args } = JSON.parse(line)
    let answer
    try {
      answer = name ? { value: await find(name)(...(args ?? [])) } : { value: names }
    } catch (error) {
      answer = { error: told(error) }
    }
    process.stdout.write(JSON.stringify(answer) + '\n')
  }
}
