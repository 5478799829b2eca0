#include "bundle/restore_intent.h"

#include <algorithm>

#include "bundle/deployment_fixture.h"
#include "crypto/digest.h"

namespace cortex::bundle {
namespace {

constexpr std::string_view kPrincipal =
    "operator:0871f3aabc26e4582c508af5c03884e6a96f0989d1dd8cfb49cd17ed25792433";

crypto::SigningKey key(std::uint8_t byte) {
  crypto::Seed seed;
  seed.fill(byte);
  return crypto::SigningKey(seed);
}

class RestoreIntentTest : public DeploymentTest {
 protected:
  void write_intent(const RestoreIntent& intent, const crypto::SigningKey& signer) {
    sign(json::canonical(intent_document(intent)), signer);
  }
  void sign(const std::string& bytes, const crypto::SigningKey& signer) {
    put(path_, bytes);
    const crypto::Signature signature = signer.sign(bytes);
    put(signature_, std::string(signature.begin(), signature.end()));
  }
  RestoreIntent intent() {
    RestoreIntent out;
    out.deployment_id = "deployment:1";
    out.active_db = db_;
    out.active_log = log_;
    out.manifest_blake3 = "blake3:m";
    out.store_blake3 = "blake3:s";
    out.ledger_blake3 = "blake3:l";
    out.operator_principal_id = kPrincipal;
    out.not_before = {clock_.time.seconds - 1, 0};
    out.not_after = {clock_.time.seconds + 1, 0};
    return out;
  }
  IntentFacts facts() {
    return {"deployment:1", live_ + "/./cortex.db", log_, "blake3:m", "blake3:s", "blake3:l",
            clock_.time};
  }
  Result<ReadIntent> read() { return read_intent(fs_, path_, signature_, key(7).public_key()); }

  std::string path_ = folder_ / "intent.json";
  std::string signature_ = folder_ / "intent.sig";
};

TEST_F(RestoreIntentTest, AnIntentOfTheReferenceIsReadAndWrittenByteForByte) {
  const std::string folder = CORTEX_TEST_DATA "/restore/intent/";
  const auto read = read_intent(fs_, folder + "RESTORE_INTENT.json", folder + "RESTORE_INTENT.sig",
                                key(7).public_key());
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->blake3,
            "blake3:0a8907f91ea8e7ac35bb7afe8c3ef1b7e0f2652ed5a7fe5ff736baa5b49bbcfa");
  EXPECT_EQ(json::canonical(intent_document(read->intent)), get(folder + "RESTORE_INTENT.json"));
  EXPECT_EQ(operator_principal_id(key(7).public_key()), kPrincipal);
}

TEST_F(RestoreIntentTest, EveryMemberMustBeThatOfThisRestore) {
  EXPECT_TRUE(check_intent(fs_, intent(), facts()).ok());
  const auto rejected = [this](auto change, std::string_view word) {
    RestoreIntent other = intent();
    change(other);
    const Status checked = check_intent(fs_, other, facts());
    ASSERT_FALSE(checked.ok()) << word;
    EXPECT_EQ(checked.error().code, Code::kQuarantined);
    EXPECT_NE(checked.error().message.find(word), std::string::npos) << checked.error().message;
  };
  rejected([](RestoreIntent& i) { i.kind = "cortex_restore_wish"; }, "kind");
  rejected([](RestoreIntent& i) { i.schema_version = 2; }, "schema_version");
  rejected([](RestoreIntent& i) { i.payload_version = 2; }, "p_n_schema_version");
  rejected([](RestoreIntent& i) { i.not_after = i.not_before; }, "validity window");
  rejected([](RestoreIntent& i) { i.not_before = i.not_after; }, "validity window");
  rejected([](RestoreIntent& i) { std::swap(i.not_before, i.not_after); }, "validity window");
  rejected([](RestoreIntent& i) { i.deployment_id = "deployment:2"; }, "deployment_id");
  rejected([](RestoreIntent& i) { i.site_id = "site:1"; }, "site_id");
  rejected([](RestoreIntent& i) { i.active_db = "/x"; }, "active_db_path");
  rejected([](RestoreIntent& i) { i.active_log = "/x"; }, "active_event_log_path");
  rejected([](RestoreIntent& i) { i.manifest_blake3 = "x"; }, "backup_manifest_blake3");
  rejected([](RestoreIntent& i) { i.store_blake3 = "x"; }, "staged_sqlite_blake3");
  rejected([](RestoreIntent& i) { i.ledger_blake3 = "x"; }, "staged_jsonl_blake3");
}

TEST_F(RestoreIntentTest, TheSignatureIsOverTheBytesAsTheyAre) {
  write_intent(intent(), key(7));
  ASSERT_TRUE(read().ok()) << read().error().text();
  put(path_, get(path_) + "\n");
  EXPECT_EQ(code_of(read()), Code::kQuarantined);
  // In another form, and signed so, it is as good.
  sign(json::write_pretty(intent_document(intent())) + "\n", key(7));
  EXPECT_TRUE(read().ok());
  write_intent(intent(), key(8));
  EXPECT_EQ(code_of(read()), Code::kQuarantined);
  RestoreIntent other = intent();
  other.operator_principal_id = operator_principal_id(key(8).public_key());
  write_intent(other, key(8));
  EXPECT_EQ(read().error().token, kUnboundPrincipalToken);
  put(signature_, std::string(63, 'x'));
  write_intent(intent(), key(7));
  put(signature_, std::string(63, 'x'));
  EXPECT_NE(read().error().message.find("exactly 64 bytes"), std::string::npos);
}

TEST_F(RestoreIntentTest, RepeatedMissingAndMistypedMembersAreMalformed) {
  const std::string good = json::canonical(intent_document(intent()));
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"{", R"({"kind":"x",)"},
                                 {R"("schema_version":1,)", ""},
                                 {R"("p_n_schema_version":1)", R"("p_n_schema_version":"1")"},
                                 {"+00:00", ""}}) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    sign(text, key(7));
    const auto refused = read();
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_NE(refused.error().message.find("malformed"), std::string::npos);
    EXPECT_EQ(refused.error().code, Code::kQuarantined);
  }
}

TEST_F(RestoreIntentTest, ATakeoverMustNameTheMarkerThatIsThere) {
  const MarkerFacts marker{4242, {1'767'000'000, 500'000'000}};
  const auto attest = [&](std::string_view pid, std::string_view at, std::string_view why) {
    sign(cat(R"({"kind":"cortex_restore_lock_takeover","schema_version":1,"deployment_id":"d",)",
             R"("operator_principal_id":")", kPrincipal, R"(","stale_pid":)", pid,
             R"(,"stale_acquired_at":")", at, R"(","justification":")", why,
             R"(","not_before":"2026-01-01T00:00:00Z","not_after":"2099-01-01T00:00:00Z"})"),
         key(7));
    return read_takeover(fs_, path_, signature_, key(7).public_key(), {"d", marker, clock_.time});
  };
  EXPECT_TRUE(attest("4242", "2025-12-29T09:20:00.5Z", "host crashed").ok());
  EXPECT_EQ(code_of(attest("1", "2025-12-29T09:20:00.5Z", "host crashed")), Code::kQuarantined);
  EXPECT_EQ(code_of(attest("4242", "2025-12-29T09:20:01Z", "host crashed")), Code::kQuarantined);
  EXPECT_EQ(code_of(attest("4242", "2025-12-29T09:20:00.5Z", " ")), Code::kQuarantined);
}

}  // namespace
}  // namespace cortex::bundle
