package chat

// request is what the page sends.
type request struct {
	Type string `json:"type"`
	Name string `json:"name"`
	Room string `json:"room"`
	Text string `json:"text"`
	To   string `json:"to"`
}

type welcome struct {
	Type     string   `json:"type"` // welcome
	ClientID string   `json:"client_id"`
	Rooms    []string `json:"rooms"`
}

type roomList struct {
	Type    string   `json:"type"` // room
	Room    string   `json:"room"`
	Members []member `json:"members"`
}

type member struct {
	ClientID string `json:"client_id"`
	Name     string `json:"name"`
}

type news struct {
	Type string `json:"type"` // joined or left
	member
}

type said struct {
	Type string `json:"type"` // say
	member
	Text   string `json:"text"`
	To     string `json:"to,omitempty"`
	ToName string `json:"to_name,omitempty"`
}

type complaint struct {
	Type string `json:"type"` // error
	Text string `json:"text"`
}
