// Which tests are to catch which defect.

package main

import (
	"strings"

	"github.com/batpak/batpak/hooks"
)

// detector is a test.
type detector struct {
	pkg  string // directory below the module's root
	test string // its name; with a slash also that of a subtest, with spaces as in the source
}

func (d detector) String() string { return d.pkg + " " + d.test }

// top returns the name of the test function.
func (d detector) top() string {
	top, _, _ := strings.Cut(d.test, "/")
	return top
}

// simulator is the crash simulator, with the same seed each time. It is asked first where it can see a defect: what it
// says is what a user would have seen.
var simulator = detector{"batpaktest/crash", "TestNoPowerCutLosesWhatWasAcknowledged/a fixed seed"}

func in(pkg string) func(test string) detector {
	return func(test string) detector { return detector{pkg, test} }
}

// detectorsOf returns the tests for a defect, the first to be asked first.
func detectorsOf(d hooks.Defect) []detector { return detectors[d] }

var detectors = func() map[hooks.Defect][]detector {
	engine, commit, recovery := in("engine"), in("engine/internal/commit"), in("recovery")
	mmapseg, vfs, mmap, gate := in("mmapseg"), in("internal/vfs"), in("internal/mmap"), in("gate")
	cache, slots, follow := in("cache"), in("engine/internal/cursorfile"), in("engine/internal/follow")
	order := recovery("TestAnUncleanOpeningKeepsItsOrder")
	made := mmapseg("TestACreatedSegmentIsReservedSyncedAndNamedInThisOrder")
	marks := engine("TestEveryFrameCarriesTheDurablePositionOfItsMoment")
	told := engine("TestAnAppendReturnsWhenItsPolicyOrItsOwnWaitSays")
	failing := engine("TestAFailedSyncIsIndeterminateToWhoWaitedAndPoisons")
	covered := engine("TestWhoIsStagedAfterASyncBeganIsNotTakenForDurableByIt")
	lives := engine("TestEveryUncleanOpeningTakesItsLostRange")
	repeated := recovery("TestAnOpeningCutOffAtAnyCallCanBeRepeated")
	placed := mmapseg("TestAFrameIsSoundOnlyWhereItWasWritten")
	flipped := mmapseg("TestEveryFlippedBitOfAFrameIsDetected")
	firstWord := mmap("TestAReaderOfAFileThatSeesTheFirstWordSeesTheUnit") // if the two take turns: on a busy machine they may not, once
	between := engine("TestWhatComesBetweenJudgingAndPlacingStandsAgainstAnAppend")
	refused := engine("TestAnAnswerThatRestsOnAStagedEventWaitsUntilItIsVisibleAndDurableIfTheCallWaits")
	reaction := engine("TestAReactionHasACauseADepthAndTheConversationOfItsCause")
	return map[hooks.Defect][]detector{
		hooks.SyncSkipped:          {simulator, failing},
		hooks.SyncErrorSwallowed:   {failing},
		hooks.SyncRetried:          {commit("TestAFailedSyncOfAnEndedSegmentIsNotRetriedByWhoWaitsForRoom")},
		hooks.SnapshotAfterSync:    {simulator, engine("TestEventsThatComeDuringASyncAreCoveredByTheNext")},
		hooks.DurableBeforeSync:    {simulator, failing},
		hooks.JoinerBelieved:       {simulator, covered},
		hooks.WaitersTakenLate:     {commit("TestWhoComesWhenASyncHasLookedIsNotWokenByIt")},
		hooks.AskedClearedLate:     {commit("TestASyncThatIsAskedForWhenAnotherHasLookedIsMade")},
		hooks.OpenMarkTooFar:       {engine("TestAnOpeningBehindAGhostCloseFrameThatIsCutOffIsNotTakenForDamage")},
		hooks.RetiredNotSynced:     {simulator, commit("TestASegmentThatEndedIsSyncedBeforeTheOneBehindIt")},
		hooks.SyncsNotSerial:       {commit("TestWhoSyncsFramesKeepsOthersFromSyncing")},
		hooks.DurableMarkZero:      {simulator, marks},
		hooks.VisibleBeforeDurable: {simulator, told},
		hooks.IntervalNotArmed:     {engine("TestASyncBeginsWhenTheOldestEventIsAsOldAsTheIntervalAndNotBefore")},

		hooks.PoisonIgnored:          {failing},
		hooks.IndeterminateAsSuccess: {failing},
		hooks.CancelledWaitSucceeds:  {simulator, engine("TestAContextThatEndsMeanwhileEndsTheWaitWhileTheDiskHangs")},
		hooks.AheadNotKept:           {simulator, commit("TestStagingWaitsForASyncWhenItIsAsFarAheadAsTheOpenFrameSays")},

		hooks.UnsyncedForgotten:      {commit("TestASegmentDoesNotEndBeforeTheOneBeforeItIsSynced")},
		hooks.EndFrameMissing:        {simulator, engine("TestASegmentThatCanNotBeMadeRefusesAppendsUntilItCan")},
		hooks.CloseFrameBeforeSync:   {marks},
		hooks.CloseFrameWhenPoisoned: {simulator, engine("TestASyncThatFailsWhileClosingIsReported")},
		hooks.FooterBeforeFrames:     {commit("TestAFooterIsWrittenBehindDurableFramesOnly")},
		hooks.GiveBackTooMuch:        {simulator, lives},

		hooks.ClocksRestart:       {simulator, lives},
		hooks.HLCRestarts:         {simulator, engine("TestIdsAscendWhateverTheClockSays")},
		hooks.IncarnationRepeated: {simulator, lives},

		hooks.HeaderNotSynced:      {simulator, made},
		hooks.DirectorySyncMissing: {simulator, made},
		hooks.ReserveByTruncate:    {vfs("TestReservedSpaceIsAllocatedAndTruncatingGivesItBack")},
		hooks.FirstWordFirst:       {firstWord, firstWord, firstWord, firstWord},

		hooks.SaltLeftOut:          {placed},
		hooks.OffsetLeftOut:        {placed},
		hooks.FrameHeaderUnchecked: {flipped},
		hooks.PayloadUnchecked:     {simulator, flipped},
		hooks.BatchUnchecked:       {recovery("TestABatchWhoseFramesContradictEachOtherDoesNotCount")},
		hooks.FooterUnchecked:      {mmapseg("TestEveryFlippedBitOfAFooterIsDetectedOrMeansNothing")},
		hooks.SuccessorSaltIgnored: {recovery("TestASegmentWithoutASoundHeaderIsNamed")},
		hooks.MapFaultSwallowed:    {mmapseg("TestAFileCutUnderReadersIsAnErrorAndNotTheEndOfTheProcess")},

		hooks.TornTailRefused:      {simulator, repeated},
		hooks.CorruptionCut:        {simulator, recovery("TestAHoleIsJudgedByTheMarksBehindIt")},
		hooks.RewriteSkipped:       {simulator, order},
		hooks.RewriteNotSynced:     {simulator, order},
		hooks.CutEndFrameMissing:   {simulator, order},
		hooks.CutEndFrameNotSynced: {simulator, order},
		hooks.OpenFrameNotSynced:   {simulator, order},
		hooks.CutTruncates:         {simulator, order},
		hooks.CloseFrameTrusted:    {recovery("TestACleanOpeningWritesThePagesOfTheCloseFrameAgain")},
		hooks.LaterFilesKept:       {simulator, order},
		hooks.RemovalNotSynced:     {order},
		hooks.NumberReused:         {simulator, order},
		hooks.LostRangeForgotten:   {simulator, repeated},
		hooks.EmptyLossForgotten:   {simulator, repeated},
		hooks.AheadUnderstated:     {simulator, repeated},

		hooks.LockNotTaken:     {vfs("TestALockOfAnotherProcessNamesIt")},
		hooks.LockNotRechecked: {vfs("TestALockFileThatWasReplacedMeanwhileIsNotTheLock")},
		hooks.LinksFollowed:    {vfs("TestOnlyRegularFilesAreOpened")},

		hooks.BatchCommitMissing:    {simulator, engine("TestABatchMayBeTheFirstThingInAStoreAndTheLast")},
		hooks.BatchSumConstant:      {mmapseg("TestTheChecksumOfABatchDependsOnEveryEventAndOnTheirOrder")},
		hooks.BatchHalfVisible:      {engine("TestReadersSeeABatchWholeOrNotAtAll")},
		hooks.BatchNotWaitedFor:     {simulator, engine("TestABatchIsDurableWhenItReturnsUnderEveryPolicy")},
		hooks.TornBatchCounted:      {simulator, engine("TestABatchThatIsTornAnywhereIsNotThereAndItsKeysAreFree")},
		hooks.EarlierItemsForgotten: {simulator, engine("TestAnItemExpectsItsEntityAsTheItemsBeforeLeftIt")},

		hooks.StagedKeyOverlooked:   {simulator, engine("TestAKeyThatIsTakenBetweenJudgingAndPlacingIsFound")},
		hooks.SealedKeyOverlooked:   {simulator, engine("TestManyKeysAreEachFoundInWhateverSegmentTheyAre")},
		hooks.AnyRequestTaken:       {simulator, engine("TestTheSameKeyWithAnotherRequestIsRefused")},
		hooks.MixedKeysStored:       {engine("TestABatchThatMixesKnownKeysWithAnythingElseIsRefused")},
		hooks.KeyForgottenEarly:     {engine("TestAKeyIsKnownForItsRetentionAndNewAfterwards")},
		hooks.BatchKeyNotIndexed:    {simulator, engine("TestABatchWithAKeyIsStoredOnce")},
		hooks.BatchKeyNotRecovered:  {simulator, engine("TestKeysAreKnownAfterManyOpenings")},
		hooks.BatchKeyNotRebuilt:    {in("engine/internal/query")("TestEveryKeyLeadsToItsNewestHolder")},
		hooks.BatchRequestForgotten: {simulator, engine("TestTheRequestOfABatchAreItsItemsInTheirOrder")},

		hooks.JudgedOutsideOnly:    {simulator, between},
		hooks.WatchOffByOne:        {between},
		hooks.WatchEndsWithSegment: {between},
		hooks.AnswerFromStaged:     {simulator, refused},
		hooks.AnswerNotWaitedFor:   {simulator, refused},
		hooks.ConflictOutdated:     {engine("TestAnExpectationThatAStagedEventFulfilsIsNotRefused")},

		hooks.ConversationForgotten: {simulator, reaction},
		hooks.DepthNotCounted:       {simulator, reaction},
		hooks.FirstItemAsCause:      {simulator, engine("TestAnEarlierItemOfTheBatchIsACause")},

		hooks.ReceiptReusable: {gate("TestAReceiptIsGoodOnce")},
		hooks.GatePanicPasses: {gate("TestAGateThatBreaksDenies")},
		hooks.BypassAsPass:    {gate("TestABypassAsksNoGateAndSaysWhy")},

		hooks.CursorNotSynced:     {simulator, slots("TestWhatWasSaidToBeDurableSurvivesPowerCutsKillsAndFailedSyncs")},
		hooks.CursorBothSlots:     {slots("TestAFailedWriteLeavesThePositionAndTheNextOneIsMadeInTheSameSlot"), slots("TestOneDamagedSlotLeavesTheOther")},
		hooks.CursorOlderSlot:     {simulator, slots("TestAFileHoldsThePositionThatWasWrittenLast")},
		hooks.CursorNotSettled:    {slots("TestWhatWasSaidToBeDurableSurvivesPowerCutsKillsAndFailedSyncs")},
		hooks.CursorNameNotSynced: {simulator, slots("TestMakingAFileSyncsItBeforeItHasItsNameAndTheNameBeforeItReturns")},
		hooks.LossNotTold:         {simulator, engine("TestACursorBelowALostRangeIsToldWhenItCrossesIt")},
		hooks.FutureAcknowledged:  {simulator, engine("TestAcknowledgingTheFutureOrThePastIsRefusedAndChangesNothing")},
		hooks.ForeignCursorTaken:  {engine("TestACursorOfAnotherStoreIsRefused")},

		hooks.AckBeforeReactions:   {simulator, engine("TestWhatWasDealtWithIsDurableWhileAnAttemptIsWaitedFor")},
		hooks.ReactionKeyOfOpening: {engine("TestEveryEventIsAnsweredOnceHoweverItEnds"), simulator},
		hooks.ParkedForgotten:      {engine("TestAnEventThatCanNotBeDealtWithIsPutAsideWithARecord")},

		hooks.ForeignStateBelieved: {engine("TestAnOlderCopyOfTheSegmentsGetsNoStateOfTheNewerOne")},
		hooks.StateVersionIgnored:  {engine("TestAnotherVersionBeginsAnewAndLeavesTheOldOneItsState")},
		hooks.StateFileUnchecked:   {cache("TestEveryFlippedBitIsFound")},
		hooks.OlderStateKept:       {cache("TestAnOlderEntryNeverReplacesANewerOne")},
		hooks.FailedStateKept:      {engine("TestAFoldThatFailsIsAnErrorWithTheEventAndNothingIsKept")},
		hooks.CachedStateShared:    {engine("TestWhatACallerDoesToAStateIsSeenByNobodyElse")},
		hooks.DeltaSkipsOne:        {simulator, engine("TestOnlyEventsThatCameSinceAreFolded")},
		hooks.WatchDropsLast:       {engine("TestAWatchYieldsWhatCameWhileTheStateBeforeWasLookedAt")},

		hooks.WakeupLost:     {follow("TestAnEventThatComesBetweenLookingAndWaitingIsNotSleptThrough")},
		hooks.NotifyMissing:  {engine("TestNextWaitsForAnEventOfTheRegion")},
		hooks.NewestPartOnly: {simulator, follow("TestTellingOfWhatMayHaveComeIsThatOfALinearScan")},
		hooks.DropNotCounted: {engine("TestASubscriptionDeliversTheNewestThatFitAndCountsAllOthers")},
		hooks.CaughtUpEarly:  {engine("TestHistoryIsReadWithoutDroppingWhateverIsStoredMeanwhile")},
		hooks.HistoryGap:     {engine("TestHistoryIsReadWithoutDroppingWhateverIsStoredMeanwhile")},
	}
}()
