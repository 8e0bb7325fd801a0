// Package gatewayclient pushes to the clients of a GatewayWorker cluster, and
// asks about them, from any Go program: it does what PHP's GatewayClient\Gateway
// and GatewayWorker\Lib\Gateway do, against gateways written in Go or PHP.
//
//	c, err := gatewayclient.New(gatewayclient.Options{
//		RegisterAddresses: []string{"10.0.0.1:1236"},
//		SecretKey:         "secret",
//	})
//	...
//	defer c.Close()
//	err = c.SendToUID(ctx, "42", []byte(`{"type":"order_paid"}`))
//
//	n, err := c.ClientCount(ctx)
//	if failed := gatewayclient.FailedGateways(err); len(failed) > 0 {
//		log.Printf("at least %d clients; no answer from %v", n, failed)
//	} else if err != nil {
//		return err // no Register, or no gateways
//	}
//
// When a gateway does not answer, the result still holds the answers of the
// others: n counts their clients, and err names the gateway that is missing.
//
// A [Client] is for one cluster and the whole life of a program; a program may
// have several. Inside a business worker, use Event.Gateway, which is a Client
// that sends over the worker's connections.
//
// # From PHP to Go
//
//	Gateway::$registerAddress, $secretKey    Options.RegisterAddresses, .SecretKey
//	Gateway::$connectTimeout                 Options.ConnectTimeout
//	Gateway::$persistentConnection           always; see Options.IdleTimeout
//	Gateway::$addressesCacheDisable          not needed: the list is always current
//
//	sendToAll($msg)                          SendToAll(ctx, msg)
//	sendToAll($msg, $client_id_array)        SendToClients(ctx, ids, msg)
//	sendToAll($msg, null, $exclude)          SendToAll(ctx, msg, Exclude(ids...))
//	…, $raw = true                           …, Raw())
//	sendToAll(array(…))                      SendToAll(ctx, nil, PHP(v))
//	sendToClient($id, $msg)                  SendToClient(ctx, id, msg)
//	sendToUid($uid, $msg)                    SendToUID(ctx, uid, msg)
//	sendToUid([$uid, …], $msg)               SendToUIDs(ctx, uids, msg)
//	sendToGroup($group, $msg, $exclude)      SendToGroup(ctx, group, msg, Exclude(ids...))
//	sendToGroup([$group, …], $msg)           SendToGroups(ctx, groups, msg)
//	closeClient($id, $msg)                   CloseClient(ctx, id, msg)
//	destoryClient($id)                       DestroyClient(ctx, id)
//
//	bindUid($id, $uid)                       BindUID(ctx, id, uid)
//	unbindUid($id, $uid)                     UnbindUID(ctx, id)
//	joinGroup($id, $group)                   JoinGroup(ctx, id, group)
//	leaveGroup($id, $group)                  LeaveGroup(ctx, id, group)
//	ungroup($group)                          Ungroup(ctx, group)
//
//	isOnline($id)                            IsOnline(ctx, id)
//	isUidOnline($uid)                        IsUIDOnline(ctx, uid)
//	isUidsOnline($uids)                      UIDsOnline(ctx, uids)
//	getAllClientIdList()                     AllClientIDs(ctx)
//	getAllClientIdCount()                    ClientCount(ctx)
//	getAllClientCount()                      ClientCount(ctx)
//	getClientIdByUid($uid)                   ClientIDsByUID(ctx, uid)
//	batchGetClientIdByUid($uids)             ClientIDsByUIDs(ctx, uids)
//	getUidByClientId($id)                    UIDByClientID(ctx, id)
//	getAllUidList()                          AllUIDs(ctx)
//	getAllUidCount()                         UIDCount(ctx)
//	getAllGroupIdList()                      AllGroups(ctx)
//	getClientIdListByGroup($group)           ClientIDsByGroup(ctx, group)
//	  ... with a list of groups              ClientIDsByGroups(ctx, groups)
//	getClientIdCountByGroup($group)          ClientCountByGroup(ctx, group)
//	getClientCountByGroup($group)            ClientCountByGroup(ctx, group)
//	batchGetClientIdCountByGroup($groups)    ClientCountsByGroups(ctx, groups)
//	getUidListByGroup($group)                UIDsByGroup(ctx, group)
//	  ... with a list of groups              UIDsByGroups(ctx, groups)
//	getUidCountByGroup($group)               UIDCountByGroup(ctx, group)
//	getAllGroupClientIdList()                GroupClientIDs(ctx)
//	getAllGroupClientIdCount()               GroupClientCounts(ctx)
//	getAllGroupUidList()                     GroupUIDs(ctx)
//	getAllGroupUidCount()                    GroupUIDCounts(ctx)
//
//	getSession($id)                          Session(ctx, id)
//	setSession($id, $session)                SetSession(ctx, id, session)
//	setSocketSession($id, $text)             SetSession(ctx, id, SessionData(text))
//	updateSession($id, $session)             UpdateSession(ctx, id, values)
//	getAllClientSessions()                   AllClientSessions(ctx)
//	getAllClientInfo()                       AllClientSessions(ctx)
//	getAllClientSessions($group)             ClientSessionsByGroup(ctx, group)
//	getClientSessionsByGroup($group)         ClientSessionsByGroup(ctx, group)
//	getClientInfoByGroup($group)             ClientSessionsByGroup(ctx, group)
//	select($fields, $where)                  Select(ctx, query), SelectClients(ctx, ids),
//	                                         Clients(ctx, query)
//
// Where PHP returns an array keyed by client id, uid or group, there is a slice
// here, which keeps PHP's order: gateway by gateway, and within a gateway the
// order of connecting, binding or joining.
//
// # Errors and partial results
//
// A call concerns one gateway or all of them. Those that concern all go out to
// all at once, and a gateway that is down, slow or sends a malformed answer neither
// delays nor hides the answers of the others: the result holds what the others answered, and the
// error, which joins a [*GatewayError] for each that failed, says what is
// missing; see [FailedGateways].
//
// # Commands and questions
//
// Commands, such as SendToAll or BindUID, are not answered by gateways: nil
// means that the command was handed to the operating system, or waits in a
// bounded buffer for a gateway that reads slowly. [Client.Sync] waits until all
// are executed. The commands of one Client are executed by each gateway in the
// order in which they were given, and a question sees the effect of every
// command given before it.
//
// # Connections
//
// The Client follows all Registers and keeps their last list when they are
// gone. A gateway that a list does not name any more stays in use for some
// seconds as long as it can be reached, because the first lists of a Register
// that was restarted are not complete.
//
// Each gateway gets one connection when it is first needed, and more while long
// answers are under way. All methods may be called from several goroutines, and
// share these connections. A gateway that cannot be reached is tried again every
// second; meanwhile calls do not wait for it.
package gatewayclient
