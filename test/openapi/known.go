package main

// known are differences in which the file is wrong, and why the sandbox answers otherwise. One that is not met any more
// is a difference itself.
func known() map[string]string {
	const pages = "PortOne's own client reads pages here, where the file has a bare list"
	const list = "response: is an object, and not of type array"
	return map[string]string{
		"GET /subscribe/customers/{customer_uid}/schedules (200): " + list:         pages,
		"GET /subscribe/payments/schedule (200): " + list:                          pages,
		"GET /subscribe/payments/schedule/customers/{customer_uid} (200): " + list: pages,
	}
}
