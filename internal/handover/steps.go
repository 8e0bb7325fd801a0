package handover

import "errors"

// Kinds of records below FirstKind are the steps' own; programs take theirs
// from there on.
const (
	kindHello = iota + 1
	kindOffer
	kindPrepared
	kindRefused
	kindEnd
	kindReady
	kindGo
	kindServing
	kindPart

	FirstKind = 16
)

// Versions of the format that this program writes and reads. A change that an
// older reader would misunderstand (not one that only adds fields or kinds which
// it may skip) makes a new version; the one before stays readable.
const (
	Version       = 1
	OldestVersion = 1
)

// Fields of the steps' records.
const (
	fieldOldest    = 1 // of Hello
	fieldNewest    = 2
	fieldProgram   = 3
	fieldVersion   = 1 // of Offer
	fieldPart      = 2 // one for each part
	fieldFileCount = 3 // about
	fieldReason    = 1 // of Refused
	fieldName      = 1 // of Part
	fieldRecords   = 1 // of End
	fieldFiles     = 2
)

// ErrVersion says that the two programs have no version of the format in common.
var ErrVersion = errors.New("handover: the two programs have no version of the format in common")

// RefusedError is why the other side does not go on.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return "handover: the other process refuses: " + e.Reason }
