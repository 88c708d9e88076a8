// What the pages cannot do without a script of their own: counting times on, keeping what somebody is typing, and saying that the
// connection is lost.
'use strict'

// A page that is rendered again keeps what its reader has opened or is choosing.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (old) => !(old instanceof Element && old.hasAttribute('data-keep'))
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === 'open' && node.localName === 'details')

// The same words as in the server's span.
function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min`
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
  return `${Math.floor(s / 86400)} d`
}

function countdown(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`
}

function tick() {
  const now = Date.now()
  for (const time of document.querySelectorAll('[data-since]')) say(time, span(now - Date.parse(time.dataset.since)))
  for (const time of document.querySelectorAll('[data-until]')) say(time, countdown(Date.parse(time.dataset.until) - now))
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text
}

setInterval(tick, 1000)
document.addEventListener('htmx:afterSettle', tick)
tick()

function online(yes) {
  const offline = document.getElementById('offline')
  say(offline, yes ? '' : 'The connection to the bar is lost. This page will catch up by itself.')
  document.body.classList.toggle('is-offline', !yes)
}

document.addEventListener('htmx:sseOpen', () => online(true))
document.addEventListener('htmx:sseError', () => online(false))
document.addEventListener('htmx:afterRequest', (event) => { if (event.detail.successful) online(true) })
document.addEventListener('htmx:sendError', (event) => {
  online(false)
  if (event.detail.requestConfig.verb !== 'get') tell('That did not reach the bar. Try again in a moment: it is done only once.')
})

function tell(text) {
  const message = document.getElementById('message')
  message.classList.add('refused')
  say(message, text)
}

// Who pressed a button that is gone now goes on where the page begins, and not nowhere.
document.addEventListener('htmx:afterSettle', (event) => {
  const verb = event.detail.requestConfig && event.detail.requestConfig.verb
  if (verb === 'post' && document.activeElement === document.body) document.getElementById('live').focus({ preventScroll: true })
})
