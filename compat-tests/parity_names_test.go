package compattests

import (
	"slices"
	"strings"
)

// Uids and groups: who has them, in which order, and what changes them.
func init() {
	uids := []parityStep{
		same("getClientIdByUid", "123"), same("getClientIdByUid", 123), same("getClientIdByUid", "007"), same("getClientIdByUid", 7), same("getClientIdByUid", "üser-日本"),
		same("getClientIdByUid", -5), same("getClientIdByUid", 1.5), same("getClientIdByUid", "nobody"),
		same("batchGetClientIdByUid", list{"nobody", "123", "üser-日本", "-5", "007", "123"}), same("batchGetClientIdByUid", list{}), same("batchGetClientIdByUid", list{"nobody"}),
		same("isUidOnline", "123"), same("isUidOnline", "007"), same("isUidOnline", "7"), same("isUidOnline", "nobody"),
		same("isUidsOnline", list{"üser-日本", "x", "123", "1.5"}), same("isUidsOnline", list{}),
		same("getUidByClientId", "$1"), same("getUidByClientId", "$2"), same("getUidByClientId", "$3"), same("getUidByClientId", "$0"),
		same("getAllUidList"), same("getAllUidCount"),
	}
	groups := []parityStep{
		same("getAllGroupIdList"),
		same("getClientIdListByGroup", "room"), same("getClientIdListByGroup", "7"), same("getClientIdListByGroup", 7), same("getClientIdListByGroup", "группа"), same("getClientIdListByGroup", "none"),
		same("getClientIdListByGroup", list{"7", "room"}), same("getClientIdListByGroup", list{"none", "группа"}), same("getUidListByGroup", list{"room", "7"}), same("getUidListByGroup", list{"none"}),
		same("getClientIdCountByGroup", "room"), same("getClientCountByGroup", "7"), same("getClientIdCountByGroup", "группа"), same("getClientIdCountByGroup", "none"),
		same("batchGetClientIdCountByGroup", list{"none", "room", "7", "группа", "room"}), same("batchGetClientIdCountByGroup", list{}),
		same("getUidListByGroup", "room"), same("getUidListByGroup", "7"), same("getUidListByGroup", "none"), same("getUidCountByGroup", "room"), same("getUidCountByGroup", "none"),
		same("getAllGroupClientIdList"), same("getAllGroupClientIdCount"), same("getAllGroupUidList"), same("getAllGroupUidCount"),
	}
	parity("uids", inhabited(uids...))
	parity("groups", inhabited(groups...))
	parity("empty", slices.Concat(uids, groups)) // nobody has a uid, a group or a session

	parity("uid-changes", inhabited(
		same("unbindUid", "$1", "123"), same("getUidByClientId", "$1"), same("getClientIdByUid", "123"), same("bindUid", "$1", "123"), same("getClientIdByUid", "123"), // at the end now
		same("bindUid", "$4", "007"), same("bindUid", "$2", "007"), same("getClientIdByUid", "007"), same("unbindUid", "$3", "another"), same("getUidByClientId", "$3"),
		same("unbindUid", "$3", ""), same("bindUid", "$5", 5), same("getClientIdByUid", "5"), same("bindUid", "$6", "99999999999999999999"), same("getUidByClientId", "$6"),
		same("bindUid", "$0", "nobody"), same("unbindUid", "$0", "nobody"), same("getAllUidList"), same("getAllUidCount"),
	))
	parity("group-changes", inhabited(
		same("leaveGroup", "$1", "room"), same("joinGroup", "$1", "room"), same("getClientIdListByGroup", "room"), same("joinGroup", "$1", "room"),
		same("leaveGroup", "$3", "none"), same("leaveGroup", "$4", "группа"), same("getAllGroupIdList"), same("joinGroup", "$4", "группа"), same("joinGroup", "$2", 7), same("joinGroup", "$2", "-7"),
		same("joinGroup", "$2", 2.5), same("joinGroup", "$0", "room"), same("leaveGroup", "$0", "room"), same("getAllGroupClientIdList"),
		same("ungroup", "room"), same("ungroup", 7), same("ungroup", "none"), same("getAllGroupIdList"), same("joinGroup", "$6", "room"), same("getAllGroupIdList"),
	))
	parity("lists-stop", inhabited(
		same("unbindUid", "$1", "123"), same("getAllGroupUidList"), same("getAllGroupUidCount"), same("getAllGroupClientIdList"),
		same("leaveGroup", "$2", "room"), same("getAllGroupClientIdList"), same("getAllGroupClientIdCount"), same("getAllGroupUidList"),
	), differs("group-lists-stop"))
	long := strings.Repeat("x", 1024)
	parity("odd-names", inhabited(
		same("bindUid", "$1", "\xff\x00"), same("getClientIdByUid", "\xff\x00"), same("isUidOnline", "\xff\x00"), same("getUidByClientId", "$1"), same("getAllUidList"),
		same("joinGroup", "$1", "\xff"), same("getClientIdCountByGroup", "\xff"), same("getClientSessionsByGroup", "\xff"), same("getAllGroupIdList"), same("leaveGroup", "$1", "\xff"), same("joinGroup", "$2", "\xfe"), same("ungroup", "\xfe"),
		same("bindUid", "$2", long), same("joinGroup", "$2", long), same("sendToUid", long, "long"), same("sendToGroup", long, "long"), same("getClientIdListByGroup", long), same("batchGetClientIdByUid", list{long}),
		same("bindUid", "$3", `"quoted"\/`), same("joinGroup", "$3", "\u2028\U0001f600<&>"), same("sendToUid", `"quoted"\/`, "quoted"), same("sendToGroup", "\u2028\U0001f600<&>", "emoji"),
		same("getUidListByGroup", "\u2028\U0001f600<&>"), same("batchGetClientIdByUid", list{`"quoted"\/`, "-0", "+5", "9223372036854775808", " 1"}),
	))
	parity("names-not-utf8", inhabited(
		same("bindUid", "$1", "\xff"), same("joinGroup", "$1", "\xfe"), same("sendToUid", "\xff", "x"), same("sendToGroup", "\xfe", "x"), same("batchGetClientIdByUid", list{"123", "\xff"}),
		same("isUidsOnline", list{"\xff"}), same("batchGetClientIdCountByGroup", list{"\xfe"}), same("getClientIdListByGroup", "\xfe"), same("getUidListByGroup", "\xfe"), same("select", list{"uid"}, object{"uid": list{"\xff"}}),
	), differs("names-not-utf8"))
	parity("empty-names", inhabited(
		same("bindUid", "$1", ""), same("bindUid", "$1", "0"), same("joinGroup", "$1", ""), same("joinGroup", "$1", 0), same("leaveGroup", "$1", ""), same("ungroup", ""), same("ungroup", "0"),
		same("sendToGroup", "", "x"), same("sendToGroup", list{}, "x"), same("getClientIdListByGroup", ""), same("getUidListByGroup", ""), same("getUidCountByGroup", ""),
		same("getClientIdCountByGroup", ""), same("getClientSessionsByGroup", ""),
		same("sendToUid", "", "x"), same("sendToUid", list{"123", "0"}, "x"), same("sendToGroup", list{"room", ""}, "x"), same("getClientIdByUid", ""), same("isUidOnline", "0"),
		same("batchGetClientIdByUid", list{"123", ""}), same("isUidsOnline", list{"0", "123"}), same("batchGetClientIdCountByGroup", list{"room", ""}), same("getClientIdListByGroup", list{"room", "0"}),
		same("select", list{"uid"}, object{"uid": list{""}}), same("select", list{"uid"}, object{"groups": list{"room", ""}}),
	), differs("empty-names"))
}
