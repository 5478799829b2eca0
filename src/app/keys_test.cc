// The life of a key: made, registered, rotated, revoked; what is refused, and what a seed never
// shows.
#include "app/keys.h"

#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/audit.h"
#include "app/ingest.h"
#include "app/memory_note.h"
#include "crypto/key_file.h"
#include "ledger/head_file.h"
#include "ledger/signed_fixture.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using trust::KeyState;

class KeysTest : public AppTest {
 protected:
  KeysTest() { mirror(); }

  RegisterKeyRequest by(std::string principal, std::optional<std::string> tier = "operator") {
    return {.change = change(), .principal_id = std::move(principal), .tier = std::move(tier)};
  }
  KeyChangeRequest change() const { return {.layout = layout_}; }
  Result<KeyChange> generate(const std::string& name = "op.seed",
                             std::optional<std::string> tier = "operator") {
    return generate_key(services_, by("anna", std::move(tier)), folder_ / name);
  }
  Result<KeyChange> rotate(const std::string& from, const std::string& to) {
    return rotate_key(
        services_,
        {.change = change(), .old_seed_path = folder_ / from, .new_seed_path = folder_ / to});
  }
  KeyStanding standing(const std::string& key_id) {
    auto found = show_key(services_, layout_, {.key_id = key_id});
    EXPECT_TRUE(found.ok());
    return found.ok() ? *std::move(found) : KeyStanding{};
  }
  void wait(std::int64_t seconds) { clock_.time.seconds += seconds; }
  static std::string token_of(const Result<KeyChange>& change) {
    return change.ok() ? "ok" : change.error().token;
  }
  void put_public_key(const std::string& path, std::string bytes) { put(path, bytes); }
  // Everything that was written, but for the seed itself.
  std::string all_bytes() { return get(log_) + get(db_); }
  void expect_mirror_holds() {
    const VerifyReport report =
        audit_verify(services_, {.layout = layout_, .strict = true, .mirror = true});
    EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  }
  VerifyReport verify_signed(bool mirror) {
    return audit_verify(services_, {.layout = layout_,
                                    .strict = true,
                                    .mirror = mirror,
                                    .signed_rows = true,
                                    .verification_key = folder_ / "op.seed.pub"});
  }
};

TEST_F(KeysTest, Generated_IsForItsOwnerAloneRegisteredAndBound) {
  const auto made = generate();
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_EQ(fs_.stat(folder_ / "op.seed")->mode & 0777U, 0600U);
  EXPECT_EQ(fs_.stat(folder_ / "op.seed.pub")->mode & 0777U, 0644U);
  const auto key = crypto::read_signing_key(fs_, folder_ / "op.seed");
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(made->key_id, key->key_id());
  EXPECT_EQ(crypto::key_id(*crypto::read_public_key(fs_, folder_ / "op.seed.pub")), made->key_id);
  const KeyStanding now = standing(made->key_id);
  EXPECT_EQ(now.public_key, key->key_id());
  EXPECT_TRUE(now.authority.valid_now) << now.authority.joined_reasons();
  EXPECT_THAT(now.rows, SizeIs(1));
  EXPECT_THAT(get(log_), HasSubstr(R"("cortex_operation":"authority.key.register")"));
  expect_mirror_holds();
}

TEST_F(KeysTest, YearsThatNoTimelineHolds_AreRefused) {
  const auto made = generate();
  ASSERT_TRUE(made.ok());
  const std::string before = get(log_);
  for (const char* time : {"+10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"}) {
    KeyChangeRequest request = change();
    request.effective_at = time;
    const auto revoked = revoke_key(services_, request, made->key_id);
    ASSERT_FALSE(revoked.ok()) << time;
    EXPECT_EQ(revoked.error().code, Code::kUsage);
    EXPECT_THAT(revoked.error().message, HasSubstr("a year that cannot be kept"));
  }
  EXPECT_EQ(get(log_), before);
}

TEST_F(KeysTest, SeedIsInNoRowAndNoReport) {
  const auto made = generate();
  ASSERT_TRUE(made.ok());
  const std::string bytes = get(folder_ / "op.seed");
  const std::span seed(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  ASSERT_TRUE(rotate("op.seed", "op2.seed").ok());
  const std::string shown = json::canonical(to_json(*made)) +
                            json::canonical(to_json(standing(made->key_id))) + all_bytes();
  EXPECT_THAT(shown, Not(HasSubstr(to_hex(seed))));
  EXPECT_THAT(shown, Not(HasSubstr(to_base64(seed))));
}

TEST_F(KeysTest, SameSeedNeverTwice_AndFilesAreNeverReplaced) {
  ASSERT_TRUE(generate().ok());
  const std::string before = all_bytes();
  const FolderState files = state_of(folder_.path());
  EXPECT_EQ(token_of(generate()), kKeyFileExistsToken);
  put(folder_ / "other.seed.pub", "mine");
  EXPECT_EQ(token_of(generate("other.seed")), kKeyFileExistsToken);
  EXPECT_EQ(kind_of(folder_ / "other.seed"), fs::Kind::kMissing);
  EXPECT_EQ(get(folder_ / "other.seed.pub"), "mine");
  EXPECT_EQ(all_bytes(), before);
}

TEST_F(KeysTest, RefusedGeneration_LeavesNoFileBehind) {
  const std::string before = get(log_);
  EXPECT_EQ(token_of(generate("a.seed", std::nullopt)), kKeyPrincipalToken) << "nobody knows anna";
  EXPECT_EQ(code_of(generate("a.seed", "observed")), Code::kUsage);
  EXPECT_EQ(code_of(generate_key(services_, by("an\nna"), folder_ / "a.seed")), Code::kUsage);
  EXPECT_EQ(code_of(generate_key(services_, by(""), folder_ / "a.seed")), Code::kUsage);
  RegisterKeyRequest no_store = by("anna");
  no_store.change.layout.db_path = folder_ / "none.db";
  EXPECT_EQ(code_of(generate_key(services_, no_store, folder_ / "a.seed")), Code::kPrecondition);
  EXPECT_EQ(code_of(generate_key(services_, by("anna"), folder_ / "no/such/a.seed")),
            Code::kPrecondition);
  EXPECT_EQ(kind_of(folder_ / "a.seed"), fs::Kind::kMissing);
  EXPECT_EQ(kind_of(folder_ / "a.seed.pub"), fs::Kind::kMissing);
  EXPECT_EQ(get(log_), before);
}

TEST_F(KeysTest, KnownPrincipal_KeepsItsTier) {
  ASSERT_TRUE(generate("a.seed", "verified").ok());
  EXPECT_TRUE(generate("b.seed", std::nullopt).ok());
  EXPECT_EQ(token_of(generate("c.seed", "operator")), kKeyPrincipalToken);
  exec(
      "INSERT INTO authority_principal_timeline(principal_id, trust_tier, effective_at)"
      " VALUES('low', 'observed', '2020-01-01T00:00:00+00:00')");
  EXPECT_EQ(token_of(generate_key(services_, by("low", std::nullopt), folder_ / "d.seed")),
            kKeyPrincipalToken);
  exec(
      "INSERT INTO authority_principal_timeline(principal_id, trust_tier, effective_at, removed_at)"
      " VALUES('gone', 'operator', '2020-01-01T00:00:00+00:00', '2021-01-01T00:00:00+00:00')");
  EXPECT_EQ(token_of(generate_key(services_, by("gone", std::nullopt), folder_ / "d.seed")),
            kKeyPrincipalToken);
}

TEST_F(KeysTest, PublicKeysThatCannotBeUsedAreRefused) {
  const std::string path = folder_ / "k.pub";
  std::string low_order(32, '\0');
  std::string low_order_one = low_order;
  low_order_one[0] = '\x01';
  std::string non_canonical(32, '\xff');
  non_canonical[31] = '\x7f';
  std::string no_point(32, '\0');
  no_point[0] = '\x02';
  const std::string before = get(log_);
  for (const std::string& bytes :
       {std::string(), std::string(31, 'a'), std::string(33, 'a'), std::string(64, 'a'), low_order,
        low_order_one, non_canonical, no_point}) {
    put_public_key(path, bytes);
    EXPECT_EQ(code_of(register_key(services_, by("anna"), path)), Code::kPrecondition)
        << quoted(bytes);
  }
  EXPECT_EQ(code_of(register_key(services_, by("anna"), folder_ / "none")), Code::kPrecondition);
  EXPECT_EQ(code_of(register_key(services_, by("anna"), live_)), Code::kPrecondition);
  EXPECT_EQ(get(log_), before);
}

TEST_F(KeysTest, RegisteredOnce_UnderOneName) {
  ASSERT_TRUE(generate().ok());
  const std::string pub = folder_ / "op.seed.pub";
  EXPECT_EQ(token_of(register_key(services_, by("anna"), pub)), kKeyRegisteredToken);
  RegisterKeyRequest renamed = by("anna");
  renamed.key_id = "another-name";
  EXPECT_EQ(token_of(register_key(services_, renamed, pub)), kKeyRegisteredToken);
  const auto revoked =
      revoke_key(services_, change(),
                 standing(crypto::read_signing_key(fs_, folder_ / "op.seed")->key_id()).key_id);
  ASSERT_TRUE(revoked.ok()) << revoked.error().text();
  EXPECT_EQ(token_of(register_key(services_, renamed, pub)), kKeyRevokedToken)
      << "a revoked key does not come back under another name";
}

TEST_F(KeysTest, NamedKey_IsBoundToItsPublicKey) {
  crypto::Seed seed;
  seed.fill(7);
  const std::string pub = folder_ / "k.pub";
  ASSERT_TRUE(crypto::write_public_key(fs_, pub, crypto::SigningKey(seed).public_key()).ok());
  RegisterKeyRequest request = by("anna");
  request.key_id = "cortex-operator";
  request.change.effective_at = "2020-02-03";
  const auto done = register_key(services_, request, pub);
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(done->effective_at, "2020-02-03T00:00:00+00:00");
  const auto shown = show_key(services_, layout_, {.public_key_path = pub});
  ASSERT_TRUE(shown.ok());
  EXPECT_EQ(shown->key_id, "cortex-operator");
  exec("UPDATE cortex_authority_keys SET public_key = '" + std::string(64, 'a') + "'");
  const VerifyReport report = audit_verify(services_, {.layout = layout_, .mirror = true});
  EXPECT_EQ(report.code, Code::kIntegrity) << "a binding that was changed is noticed";
  EXPECT_THAT(report.error->text(), HasSubstr("cortex_authority_keys cortex-operator"));
}

// From its registration on, a named key counts wherever its signatures are judged.
TEST_F(KeysTest, NamedKey_SignsAndIsEntitledByItsPublicKey) {
  RegisterKeyRequest request = by("anna");
  request.key_id = "op";
  request.signs_its_row = true;
  const auto made = generate_key(services_, request, folder_ / "op.seed");
  ASSERT_TRUE(made.ok()) << made.error().text();
  const VerifyReport report = verify_signed(true);
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  const json::Value document = to_json(report);
  const json::Array& signers = *document.find("signed_verification")->find("signers")->as_array();
  ASSERT_THAT(signers, SizeIs(1));
  EXPECT_EQ(*signers[0].find("registered")->as_bool(), true);
  const auto rotated = rotate("op.seed", "op2.seed");
  ASSERT_TRUE(rotated.ok()) << rotated.error().text();
  EXPECT_EQ(rotated->retired_key_id, "op");
}

// Whatever path names the old seed: a ledger without signed rows goes to the new key, too.
TEST_F(KeysTest, Rotation_KnowsTheConfiguredKeyByAnyPath) {
  ASSERT_TRUE(generate().ok());
  wait(60);
  layout_.signing_seed = folder_ / "op.seed";
  const auto rotated = rotate("./op.seed", "op2.seed");
  ASSERT_TRUE(rotated.ok()) << rotated.error().text();
  wait(60);
  EXPECT_EQ(code_of(note(services_, layout_, {}, {.claim = "water boils", .domains = {"t"}})),
            Code::kPrecondition)
      << "the old key signs no more";
  layout_.signing_seed = folder_ / "op2.seed";
  const auto noted = note(services_, layout_, {}, {.claim = "water boils", .domains = {"t"}});
  ASSERT_TRUE(noted.ok()) << noted.error().text();
  expect_mirror_holds();
}

// Power fails between the two rows: as if nothing had been done.
TEST_F(KeysTest, RotationCutInTheMiddle_IsDoneAgain) {
  RegisterKeyRequest first = by("anna");
  first.signs_its_row = true;
  ASSERT_TRUE(generate_key(services_, first, folder_ / "op.seed").ok());
  wait(60);
  const std::string log = get(log_), store = get(db_), head = get(ledger::head_file_path(log_));
  ASSERT_TRUE(rotate("op.seed", "op2.seed").ok());
  const std::string rotated = get(log_);
  put(log_, rotated.substr(0, rotated.find('\n', log.size()) + 100));
  put(db_, store);
  put(ledger::head_file_path(log_), head);
  ASSERT_TRUE(fs::remove_tree(fs_, ledger::sidecar_path(log_)).ok());
  const auto again = rotate("op.seed", "op3.seed");
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(get(log_).substr(0, log.size()), log);
  wait(60);
  layout_.signing_seed = folder_ / "op3.seed";
  const auto noted = note(services_, layout_, {}, {.claim = "water boils", .domains = {"t"}});
  ASSERT_TRUE(noted.ok()) << noted.error().text();
  const VerifyReport report = verify_signed(true);
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(report.chain->rows, 4U);
}

// Whatever its envelope holds, and whoever says that it is from the runtime.
TEST_F(KeysTest, RotationInASession_IsRefusedWhereRowsAreSigned) {
  RegisterKeyRequest first = by("anna");
  first.signs_its_row = true;
  ASSERT_TRUE(generate_key(services_, first, folder_ / "op.seed").ok());
  core::Event posing = event(2);
  posing.type = core::EventType::kSystemNote;
  posing.source = {core::SourceType::kRuntime, ""};
  posing.payload = ledger::rotation_payload(ledger::test_key(3), ledger::test_key(4).public_key(),
                                            ledger::kSignedAt);
  layout_.signing_seed = folder_ / "op.seed";
  const std::string before = get(log_);
  const auto refused = ingest(
      services_, {.session = session_file(session_of({event(1), posing})), .layout = layout_});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  EXPECT_EQ(refused.error().token, "ingest.payload_kind_reserved");
  EXPECT_EQ(get(log_), before);
  ASSERT_TRUE(ingest(services_, {.session = session(1, 1), .layout = layout_}).ok());
  const VerifyReport report = verify_signed(false);
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
}

TEST_F(KeysTest, Rotation_RetiresTheOldKeyAndNeedsIt) {
  const auto first = generate();
  ASSERT_TRUE(first.ok());
  wait(60);
  const auto second = rotate("op.seed", "op2.seed");
  ASSERT_TRUE(second.ok()) << second.error().text();
  EXPECT_EQ(second->retired_key_id, first->key_id);
  const KeyStanding old = standing(first->key_id);
  EXPECT_EQ(old.last()->state, KeyState::kRetired);
  wait(1);
  EXPECT_TRUE(standing(second->key_id).authority.valid_now);
  EXPECT_FALSE(standing(first->key_id).authority.valid_now);
  EXPECT_EQ(token_of(rotate("op.seed", "op3.seed")), kKeyNotEntitledToken);
  EXPECT_EQ(kind_of(folder_ / "op3.seed"), fs::Kind::kMissing);
  put(folder_ / "stranger.seed", std::string(32, '\x09'));
  EXPECT_EQ(token_of(rotate("stranger.seed", "op3.seed")), kKeyUnknownToken);
  expect_mirror_holds();
}

// Who can append rows to the ledger cannot hand a key over in somebody's name.
TEST_F(KeysTest, RotationThatTheOldKeyDidNotSign_IsNotApplied) {
  const auto first = generate();
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(rotate("op.seed", "op2.seed").ok());
  sqlite::Connection db = connect();
  store::OperationRow forged;
  forged.name = "authority.key.rotate";
  const std::string text = get(log_);
  const std::size_t row = text.find("\"authority.key.rotate\"");
  ASSERT_NE(row, std::string::npos);
  const std::size_t begin = text.find("\"args\":", text.rfind('\n', row)) + 7;
  const std::size_t end = text.find(",\"client\"", begin);
  const auto args = json::parse(text.substr(begin, end - begin));
  ASSERT_TRUE(args.ok()) << args.error().text();
  forged.args = *args->as_object();
  EXPECT_TRUE(apply_key_change(db, forged).ok()) << "as it stands in the ledger";
  const json::Value envelope = *forged.args.find("rotation");
  json::Object changed = *envelope.as_object();
  changed.set("signed_at", "2026-01-02T03:04:06Z");
  forged.args.set("rotation", changed);
  EXPECT_EQ(apply_key_change(db, forged).error().code, Code::kIntegrity);
  forged.args.set("rotation", envelope);
  forged.args.set("bindings", json::Array{});
  EXPECT_EQ(apply_key_change(db, forged).error().code, Code::kIntegrity) << "of other keys";
  forged.args.set("rotation", nullptr);
  EXPECT_EQ(apply_key_change(db, forged).error().code, Code::kIntegrity);
}

TEST_F(KeysTest, Revocation_IsFinalAndMayReachBack) {
  const auto made = generate();
  ASSERT_TRUE(made.ok());
  wait(1000);
  KeyChangeRequest at = change();
  at.effective_at = "2026-01-02T03:05:00Z";
  at.reason = "laptop stolen";
  const auto revoked = revoke_key(services_, at, made->key_id);
  ASSERT_TRUE(revoked.ok()) << revoked.error().text();
  EXPECT_EQ(revoked->effective_at, "2026-01-02T03:05:00+00:00");
  const KeyStanding now = standing(made->key_id);
  EXPECT_FALSE(now.authority.valid_now);
  EXPECT_EQ(now.last()->reason, "laptop stolen");
  EXPECT_EQ(token_of(revoke_key(services_, change(), made->key_id)), kKeyRevokedToken);
  EXPECT_EQ(token_of(rotate("op.seed", "op2.seed")), kKeyRevokedToken);
  EXPECT_EQ(token_of(revoke_key(services_, change(), "no-such-key")), kKeyUnknownToken);
  expect_mirror_holds();
}

TEST_F(KeysTest, TimesOutOfOrder_AreRefused) {
  const auto made = generate();
  ASSERT_TRUE(made.ok());
  const std::string before = get(log_);
  KeyChangeRequest at = change();
  at.effective_at = "2026-01-02T03:04:04Z";
  EXPECT_EQ(token_of(revoke_key(services_, at, made->key_id)), kKeyTimeToken) << "before it began";
  at.effective_at = "2026-01-02T03:06:06Z";
  EXPECT_EQ(token_of(revoke_key(services_, at, made->key_id)), kKeyTimeToken) << "not come yet";
  at.effective_at = "yesterday";
  EXPECT_EQ(code_of(revoke_key(services_, at, made->key_id)), Code::kUsage);
  clock_.time.seconds = 0;  // the battery of the clock was empty
  EXPECT_EQ(token_of(revoke_key(services_, change(), made->key_id)), kKeyTimeToken);
  EXPECT_EQ(token_of(rotate("op.seed", "op2.seed")), kKeyTimeToken);
  EXPECT_EQ(kind_of(folder_ / "op2.seed"), fs::Kind::kMissing);
  EXPECT_EQ(get(log_), before);
  clock_.time.seconds = 253'000'000'000;  // year 9987
  EXPECT_TRUE(revoke_key(services_, change(), made->key_id).ok());
}

TEST_F(KeysTest, ReasonsGoThroughTheWriteGate) {
  const auto made = generate();
  ASSERT_TRUE(made.ok());
  KeyChangeRequest because = change();
  because.reason = "leaked token ghp_0123456789abcdefghijklmnopqrstuvwxyz";
  ASSERT_TRUE(revoke_key(services_, because, made->key_id).ok());
  EXPECT_THAT(get(log_), Not(HasSubstr("ghp_0123456789")));
}

TEST_F(KeysTest, Looking_ChangesNothingAndNeedsAStore) {
  EXPECT_THAT(list_keys(services_, layout_).value(), SizeIs(0));
  const auto made = generate();
  ASSERT_TRUE(made.ok());
  const FolderState before = state_of(live_);
  const auto keys = list_keys(services_, layout_);
  ASSERT_TRUE(keys.ok());
  EXPECT_THAT(*keys, SizeIs(1));
  put(folder_ / "stranger.seed", std::string(32, '\x09'));
  const auto stranger = show_key(services_, layout_, {.seed_path = folder_ / "stranger.seed"});
  ASSERT_TRUE(stranger.ok()) << "a key that nobody registered can be looked at";
  EXPECT_THAT(stranger->rows, SizeIs(0));
  EXPECT_EQ(show_key(services_, layout_, {.key_id = "x"}).error().token, kKeyUnknownToken);
  EXPECT_EQ(show_key(services_, layout_, {.seed_path = folder_ / "none"}).error().code,
            Code::kPrecondition);
  EXPECT_EQ(list_keys(services_, layout_in(folder_ / "nowhere")).error().code, Code::kPrecondition);
  EXPECT_EQ(state_of(live_), before);
}

}  // namespace
}  // namespace cortex::app
