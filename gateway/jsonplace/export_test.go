package jsonplace

// Taken tells whether there is a value already where something is to be put.
func (f *Found) Taken() bool {
	return f.place.found && f.place.steps == len(f.plan.put)
}
