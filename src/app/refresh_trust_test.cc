// `audit refresh-trust`: what comes from Sigstore's repository is verified from the root in the
// program on, whoever answers in its name.
#include "app/refresh_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "app/app_fixture.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "ledger/anchor/trusted_root.h"
#include "ledger/anchor/tuf.h"
#include "net/http.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kSigstoreSite = "https://tuf-repo-cdn.sigstore.dev/";

// Answers by URL; 404 for the rest.
class ListedSite final : public net::Http {
 public:
  Result<net::Answer> send(const net::Request& request) override {
    asked.push_back(request.url);
    const auto found = files.find(request.url);
    if (found == files.end()) return net::Answer{404, ""};
    return net::Answer{200, found->second};
  }
  std::map<std::string, std::string> files;
  std::vector<std::string> asked;
};

class RefreshTrustTest : public AppTest {
 protected:
  // Files of a repository, signed by the key of this number.
  struct Repository {
    std::string at;
    std::uint8_t signer = 1;
    std::uint64_t version = 1;
    std::string target;
  };

  static std::string signed_text(const crypto::SigningKey& key, json::Value part) {
    json::Array signatures{json::Object{
        {"keyid", "k"}, {"sig", to_hex(key.sign(ledger::tuf_canonical(part).value()))}}};
    return json::write_compact(
        json::Object{{"signatures", std::move(signatures)}, {"signed", std::move(part)}});
  }
  static std::string root_text(std::uint8_t signer, std::uint64_t version) {
    const crypto::SigningKey key(crypto::Seed{signer});
    const json::Object public_key{{"keytype", "ed25519"},
                                  {"keyval", json::Object{{"public", key.key_id()}}}};
    const json::Object role{{"keyids", json::Array{"k"}}, {"threshold", 1}};
    return signed_text(key, json::Object{{"_type", "root"},
                                         {"consistent_snapshot", true},
                                         {"expires", "2099-01-01T00:00:00Z"},
                                         {"keys", json::Object{{"k", public_key}}},
                                         {"roles", json::Object{{"root", role},
                                                                {"timestamp", role},
                                                                {"snapshot", role},
                                                                {"targets", role}}},
                                         {"version", version}});
  }
  void publish(const Repository& made) {
    const crypto::SigningKey key(crypto::Seed{made.signer});
    const auto put = [&](std::string_view name, std::string_view role, std::string_view member,
                         json::Object files) {
      site_.files[cat(made.at, name)] =
          signed_text(key, json::Object{{"_type", role},
                                        {"expires", "2099-01-01T00:00:00Z"},
                                        {std::string(member), std::move(files)},
                                        {"version", made.version}});
    };
    const std::string digest = crypto::sha256_hex(made.target);
    site_.files[cat(made.at, "targets/", digest, ".trusted_root.json")] = made.target;
    put(cat(made.version, ".targets.json"), "targets", "targets",
        {{"trusted_root.json", json::Object{{"length", made.target.size()},
                                            {"hashes", json::Object{{"sha256", digest}}}}}});
    put(cat(made.version, ".snapshot.json"), "snapshot", "meta",
        {{"targets.json", json::Object{{"version", made.version}}}});
    put("timestamp.json", "timestamp", "meta",
        {{"snapshot.json", json::Object{{"version", made.version}}}});
  }
  // The snapshot in the program, its last key valid from `start` on.
  static std::string logs_from(std::string_view start, std::string_view end = "") {
    json::Value document = ledger::embedded_trusted_root().document;
    json::Array& logs = *document.as_object()->find("tlogs")->as_array();
    json::Value* window = logs.back().as_object()->find("publicKey")->as_object()->find("validFor");
    window->as_object()->set("start", start);
    if (!end.empty()) window->as_object()->set("end", end);
    return json::write_compact(document);
  }
  RefreshReport refresh(RefreshRequest request) {
    request.cache_path = cache_;
    Services services{fs_, clock_, random_, site_};
    return refresh_trust(services, request);
  }
  bool exists(const std::string& path) { return fs_.stat(path).value().kind != fs::Kind::kMissing; }

  ListedSite site_;
  std::string cache_ = folder_ / "cache.json";
  const std::string new_logs_ = logs_from("2026-06-01T00:00:00Z");
};

TEST_F(RefreshTrustTest, WhoeverAnswersForSigstore_IsNotBelieved) {
  site_.files[kTrustedRootUrl] = new_logs_;
  publish({.at = std::string(kSigstoreSite), .version = 500, .target = new_logs_});
  RefreshReport report = refresh({});
  EXPECT_EQ(report.outcome, "signature_invalid");
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, Code::kPrecondition);
  EXPECT_THAT(report.error->message, HasSubstr("0 of the 1 keys that root 15 asks for"));
  EXPECT_THAT(site_.asked, ElementsAre(cat(kSigstoreSite, "16.root.json"),
                                       cat(kSigstoreSite, "timestamp.json")));
  site_.files[cat(kSigstoreSite, "16.root.json")] = root_text(1, 16);
  report = refresh({});
  EXPECT_EQ(report.outcome, "signature_invalid");
  EXPECT_THAT(report.error->message, HasSubstr("0 of the 3 keys that root 15 asks for"));
  EXPECT_FALSE(exists(cache_) || exists(cache_ + ".tuf"));
  EXPECT_THAT(report.notes, IsEmpty());
}

TEST_F(RefreshTrustTest, AnythingElseOfSigstoresHost_IsNotTaken) {
  const std::string url = cat(kSigstoreSite, "targets/other.json");
  site_.files[url] = new_logs_;
  EXPECT_EQ(refresh({.url = url}).code, Code::kUsage);
  // However it is spelled.
  const std::string loud = "http://TUF-repo-cdn.sigstore.dev:80/targets/trusted_root.json";
  site_.files[loud] = new_logs_;
  EXPECT_EQ(refresh({.url = loud}).code, Code::kPrecondition);
  EXPECT_FALSE(exists(cache_));
}

TEST_F(RefreshTrustTest, ARootThatExpiredWithoutASuccessor) {
  clock_.time = {1'900'000'000, 0};
  publish({.at = std::string(kSigstoreSite), .target = new_logs_});
  const RefreshReport report = refresh({});
  EXPECT_EQ(report.outcome, "signature_invalid");
  EXPECT_THAT(report.error->message, HasSubstr("root 15 expired at 2026-11-20"));
}

TEST_F(RefreshTrustTest, VerifiedFromTheRootInTheProgramOn) {
  const std::string ours = root_text(1, 1);
  publish({.at = std::string(kSigstoreSite), .version = 7, .target = new_logs_});
  RefreshReport report = refresh({.sigstore_root = ours});
  ASSERT_EQ(report.outcome, "ok") << report.error->text();
  EXPECT_EQ(report.tuf_root_version, 1U);
  const std::string kept = get(cache_);
  EXPECT_EQ(refresh({.sigstore_root = ours}).outcome, "stale_to_stale");
  EXPECT_EQ(get(cache_), kept);
  // A root that nobody signed brings no more than before.
  site_.files[cat(kSigstoreSite, "2.root.json")] = root_text(2, 2);
  report = refresh({.sigstore_root = ours});
  EXPECT_EQ(report.outcome, "signature_invalid");
  EXPECT_EQ(get(cache_), kept);
}

// A state that does not say of which repository it is tells nothing about this one.
TEST_F(RefreshTrustTest, AStateOfNoRepository_DoesNotCount) {
  publish({.at = std::string(kSigstoreSite), .version = 7, .target = new_logs_});
  put(cache_ + ".tuf", json::write_compact(json::Object{
                           {"root", root_text(2, 5)}, {"timestamp", 900}, {"snapshot", 900}}));
  const RefreshReport report = refresh({.sigstore_root = root_text(1, 1)});
  ASSERT_EQ(report.outcome, "ok") << report.error->text();
  EXPECT_EQ(report.tuf_root_version, 1U);
  EXPECT_THAT(get(cache_ + ".tuf"), HasSubstr(kSigstoreSite.substr(0, kSigstoreSite.size() - 1)));
}

// The end of a key moves no date, and must reach the cache all the same.
TEST_F(RefreshTrustTest, AKeyThatEnds_IsNews_WhenItIsVerified) {
  const std::string ended = logs_from("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z");
  const std::string ours = root_text(1, 1);
  publish({.at = std::string(kSigstoreSite), .version = 7, .target = new_logs_});
  ASSERT_EQ(refresh({.sigstore_root = ours}).outcome, "ok");
  publish({.at = std::string(kSigstoreSite), .version = 8, .target = ended});
  const RefreshReport report = refresh({.sigstore_root = ours});
  EXPECT_EQ(report.outcome, "ok");
  EXPECT_TRUE(report.cache_written);
  EXPECT_THAT(get(cache_), HasSubstr("2026-07-01"));
  put(folder_ / "old.json", new_logs_);
  EXPECT_EQ(refresh({.url = cat("file://", folder_ / "old.json")}).outcome, "stale_to_stale")
      << "what nobody vouches for must be newer";
  EXPECT_THAT(get(cache_), HasSubstr("2026-07-01"));
}

// Without the cached root the one in the program would count again.
TEST_F(RefreshTrustTest, ACacheThatCannotBeReplaced_Stays) {
  class NoRenameFs final : public fs::ForwardFs {
   public:
    Status rename_no_replace(const std::string&, const std::string&) override { return failed(); }
    Status replace(const std::string&, const std::string&) override { return failed(); }

   private:
    static Status failed() { return make_error(Code::kInternal, "no rename"); }
  };
  site_.files["https://example.org/root.json"] = new_logs_;
  const RefreshRequest request{.url = "https://example.org/root.json"};
  ASSERT_EQ(refresh(request).code, Code::kOk);
  const std::string cached = get(cache_);
  NoRenameFs no_rename;
  Services services{no_rename, clock_, random_, site_};
  RefreshRequest again = request;
  again.cache_path = cache_;
  EXPECT_EQ(refresh_trust(services, again).code, Code::kInternal);
  ASSERT_TRUE(exists(cache_));
  EXPECT_EQ(get(cache_), cached);
}

TEST_F(RefreshTrustTest, ACopyOfSigstoresRepository) {
  const std::string copy = "http://127.0.0.1:1/copy/", url = copy + "targets/trusted_root.json";
  publish({.at = copy, .target = new_logs_});
  const RefreshRequest request{.url = url, .tuf_root = kSigstoreRoot};
  EXPECT_EQ(refresh(request).outcome, "signature_invalid");
  RefreshRequest ours = request;
  ours.sigstore_root = root_text(1, 1);
  EXPECT_EQ(refresh(ours).outcome, "ok");
}

// Roots and versions of one repository say nothing about another one.
TEST_F(RefreshTrustTest, WhatWasSeenElsewhereDoesNotCount) {
  put(folder_ / "their.root.json", root_text(2, 40));
  publish({.at = "http://127.0.0.1:1/", .signer = 2, .version = 90, .target = new_logs_});
  const RefreshReport theirs = refresh({.url = "http://127.0.0.1:1/targets/trusted_root.json",
                                        .tuf_root = folder_ / "their.root.json"});
  ASSERT_EQ(theirs.outcome, "ok") << theirs.error->text();
  publish({.at = std::string(kSigstoreSite), .version = 7, .target = new_logs_});
  const RefreshReport report = refresh({.sigstore_root = root_text(1, 1)});
  EXPECT_EQ(report.outcome, "stale_to_stale") << report.error->text();
  EXPECT_EQ(report.tuf_root_version, 1U);
  // And of the same one it does.
  publish({.at = std::string(kSigstoreSite), .version = 6, .target = new_logs_});
  EXPECT_THAT(refresh({.sigstore_root = root_text(1, 1)}).error->message,
              HasSubstr("go back from version 7 to 6"));
}

TEST_F(RefreshTrustTest, AnotherAddressWithoutARoot_IsSaidToBeUnverified) {
  const std::string url = "http://127.0.0.1:1/trusted_root.json";
  site_.files[url] = new_logs_;
  const RefreshReport report = refresh({.url = url});
  EXPECT_EQ(report.outcome, "ok");
  EXPECT_FALSE(report.tuf_root_version);
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("--tuf-root")));
}

}  // namespace
}  // namespace cortex::app
