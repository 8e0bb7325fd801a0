// Package chat is the chat that "gatewayworker start" serves: a web page, and
// the business worker behind it.
//
// The page's websocket talks to the gateway. Events is the business code; its
// twin in PHP is docs/chat/Events.php, and the tests run against both. Messages
// are JSON objects with a type:
//
//	{"type":"login","name":…,"room":…}          the client enters a room, and leaves the one it is in
//	{"type":"leave"}                            it leaves the room
//	{"type":"say","text":…,"to":client_id}      to the room, or with to, to one member alone
//
//	{"type":"welcome","client_id":…,"rooms":[…]}                     first of all
//	{"type":"room","room":…,"members":[{"client_id":…,"name":…},…]}  to who has entered
//	{"type":"joined","client_id":…,"name":…}                         to the others
//	{"type":"left","client_id":…,"name":…}
//	{"type":"say","client_id":…,"name":…,"text":…}                   private ones also have to and to_name
//	{"type":"error","text":…}                                        a message could not be taken
//
// A member may be told of another who joined before it has its own list, and of
// one who left just before; see the page's script for how to put that together.
package chat
