package mutation

// billingKeyGuards are of billing keys that the order service issues and deletes at a PG's own API.
func billingKeyGuards() []guard {
	return []guard{
		{
			name: "keys-are-our-accounts", does: becomes("false"),
			says: "no key of another account than the one that was read is deleted",
			pkg:  "./gateway", run: "TestKeysAreOurAccounts",
		},
		{
			name: "key-is-the-accounts-own", does: never(),
			says: "no sub-merchant's key is deleted for one of ours",
			pkg:  "./gateway", run: "TestOnlyKnownKeysAreDeleted",
		},
		{
			name: "deleted-key-is-a-known-contracts", does: never(),
			says: "a key of a contract that the rules do not know, or of the other mode, is not deleted",
			pkg:  "./gateway", run: "TestOnlyKnownKeysAreDeleted",
		},
		{
			name: "unread-schedules-keep-the-key", does: never(),
			says: "a key is not deleted while nobody knows what the PG is to charge it",
			pkg:  "./gateway", run: "TestUnreadSchedulesKeepTheKey",
		},
		{
			name: "scheduled-key-is-not-deleted", does: becomes("nil"),
			says: "a key that the PG is to charge is not deleted by who does not know it",
			pkg:  "./gateway", run: "TestAScheduledKeyIsNotDeleted",
		},
		{
			name: "lost-delete-is-looked-up", does: never(),
			says: "a delete whose answer was lost is said to be done when it is",
			pkg:  "./gateway", run: "TestLostDeletes",
		},
		{
			name: "v1-unread-schedules-are-not-none", does: never(),
			says: "a refused list of schedules is not taken for an empty one",
			pkg:  "./gateway", run: "TestOddListsOfSchedulesKeepTheKey",
		},
		{
			name: "v2-unread-schedules-are-not-none", does: never(),
			says: "a refused list of schedules is not taken for an empty one",
			pkg:  "./gateway", run: "TestOddListsOfSchedulesKeepTheKey",
		},
		{
			name: "v2-key-of-no-other-store", does: never(),
			says: "no key of a store that the rules do not know is deleted",
			pkg:  "./gateway", run: "TestOnlyKnownKeysAreDeleted",
		},
		{
			name: "v1-issue-is-at-a-named-contract", does: never(),
			says: "no card goes to the account's default PG for one that the caller did not mean",
			pkg:  "./gateway", run: "TestIssuesAreDecided",
		},
		{
			name: "v1-issue-is-at-one-channel", does: never(),
			says: "no card goes to channels that the rules do not know",
			pkg:  "./gateway", run: "TestIssuesAreDecided",
		},
		{
			name: "unread-key-is-not-unused", does: never(),
			says: "a card is not overwritten since nobody could say whether there is one",
			pkg:  "./gateway", run: "TestAnUnreadKeyIsNotUnused",
		},
		{
			name: "issue-takes-no-attempts-id", does: never(),
			says: "no card is put where a window may still put one",
			pkg:  "./gateway", run: "TestAnUnreadKeyIsNotUnused",
		},
		{
			name: "used-key-is-not-overwritten", does: never(),
			says: "a second card under a customer_uid in use does not silently replace the first",
			pkg:  "./gateway", run: "TestAUsedKeyIsReplacedWhenWished",
		},
		{
			name: "replaced-key-is-a-known-contracts", does: never(),
			says: "a card of another contract, or of the other mode, is not overwritten",
			pkg:  "./gateway", run: "TestAnUnreadKeyIsNotUnused",
		},
		{
			name: "unknown-issue-is-the-last", does: never(),
			says: "no second card is sent while the first may still be stored over it",
			pkg:  "./gateway", run: "TestLostIssues",
		},
		{
			name: "issue-after-its-intent", does: never(),
			says: "no card is sent that is not on record, and none twice",
			pkg:  "./gateway", run: "TestAnIssueIsSentOnce",
		},
		{
			name: "v2-issue-is-at-one-channel", does: never(),
			says: "no card goes to channels that the rules do not know",
			pkg:  "./gateway", run: "TestIssuesAtV2AreDecided",
		},
		{
			name: "issue-is-decided", does: never(),
			says: "no card is registered where the rules take none",
			pkg:  "./gateway", run: "TestIssuesAtV2AreDecided",
		},
		{
			name: "repeated-issue-is-of-the-same-card",
			does: becomes(`g.sealer.Print("issue", string(r.pg.ID), key)`),
			says: "one card's billing key is never answered to a call with another card",
			pkg:  "./gateway", run: "TestRepeatedIssuesAtV2",
		},
		{
			name: "prints-are-keyed", does: becomes("hmac.New(sha256.New, nil)"),
			says: "who reads the journal cannot find a card number by trying all of them",
			pkg:  "./gateway", run: "TestPrintsAreKeyed",
		},
		{
			name: "one-key-per-card", does: never(),
			says: "a card that has a billing key gets no second one",
			pkg:  "./gateway", run: "TestACardHasOneKey",
		},
		{
			name: "taken-card-is-kept", does: becomes("`1 = 1`"),
			says: "a card's billing key counts while it is there, or may be",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "v2-card-is-read-in-one-way", does: skip(),
			says: "the card that is held against the rules is the one that PortOne reads",
			pkg:  "./adapters/portonev2", run: "TestACardIsReadInOneWay",
		},
		{
			name: "card-under-way-is-kept", does: becomes("`0 = 1`"),
			says: "a card whose key is being issued stays taken, whatever is deleted meanwhile",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "card-outlives-its-attempt", does: becomes("`1 = 1`"),
			says: "a card has its billing key also when the attempt that issued it is removed",
			pkg:  "./journal", run: "TestSQLiteConforms",
		},
		{
			name: "key-wants-a-verification", does: becomes("!ok"),
			says: "no billing key is issued without the identity verification that the rules want",
			pkg:  "./gateway", run: "TestAKeyWantsAnIdentityVerification",
		},
		{
			name: "verification-is-recent", does: never(),
			says: "a verification of long ago lets no key be issued",
			pkg:  "./gateway", run: "TestAKeyWantsAnIdentityVerification",
		},
		{
			name: "verification-is-the-holders", does: never(),
			says: "who was verified is who the call names",
			pkg:  "./gateway", run: "TestAKeyWantsAnIdentityVerification",
		},
		{
			name: "verification-is-used-once", does: skip(),
			says: "one verification lets one key be issued",
			pkg:  "./gateway", run: "TestAKeyWantsAnIdentityVerification",
		},
		{
			name: "stored-verification-is-used-once", does: skip(),
			says: "one verification lets one card be stored by key-in",
			pkg:  "./gateway", run: "TestKeyInWantsAnIdentityVerification",
		},
		{
			name: "v1-verification-was-done", does: never(),
			says: "a verification that failed at V1 is none",
			pkg:  "./gateway", run: "TestAnUnreadVerificationIsNone",
		},
		{
			name: "v2-verification-was-done", does: never(),
			says: "a verification that failed at V2 is none",
			pkg:  "./gateway", run: "TestAnUnreadVerificationIsNone",
		},
		{
			name: "v1-verification-in-a-path-is-plain", does: never(),
			says: "nothing else of V1's is read in a verification's place",
			pkg:  "./gateway", run: "TestAKeyWantsAnIdentityVerification",
		},
		{
			name: "v2-verification-in-a-path-is-plain", does: never(),
			says: "nothing else of V2's is read in a verification's place",
			pkg:  "./gateway", run: "TestAKeyWantsAnIdentityVerification",
		},
		{
			name: "v2-key-alike-is-not-ours", does: never(),
			says: "a billing key with the same customData is not taken for an attempt's",
			pkg:  "./adapters/portonev2", run: "TestAnIssueIsFound",
		},
		{
			name: "v2-issued-key-has-its-mark", does: becomes("true"),
			says: "a billing key with other customData is not taken for an attempt's",
			pkg:  "./adapters/portonev2", run: "TestAnIssueIsFound",
		},
	}
}
