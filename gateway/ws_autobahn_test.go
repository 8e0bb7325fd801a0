package gateway

func autobahnCases() []codecCase { return nil }
