package mutation

// interceptGuards are those of the shop's own checkout, taken over.
func interceptGuards() []guard {
	const tests = "./gateway"
	return []guard{
		{
			name: "shops-refusal-passes", does: never(),
			says: "the shop's own refusal passes as it is",
			pkg:  tests, run: "TestWhatCannotHoldAWindowPassesAsItIs",
		},
		{
			name: "no-place-no-window", does: never(),
			says: "no window is opened that has no place in the answer",
			pkg:  tests, run: "TestAnOrderWithoutAPlaceForItsWindowPasses",
		},
	}
}
