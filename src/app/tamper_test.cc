// Every single-bit flip and every truncation of a small ledger and of what stands beside it: each
// is reported, or is harmless and said why. Also the life of checkpoints and proofs.
#include <functional>

#include <gmock/gmock.h>

#include "app/audit.h"
#include "app/audit_anchor.h"
#include "app/checkpoint.h"
#include "app/tree_proof.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/key_file.h"
#include "ledger/anchor/register.h"
#include "ledger/head_file.h"
#include "ledger/ledger_fixture.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::app {
namespace {

class TamperTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    append_rows(1, 3);
    finish_set_up();
  }
  void finish_set_up() {
    crypto::Seed seed;
    seed.fill(7);
    ASSERT_TRUE(crypto::write_seed(fs::posix(), key_, seed).ok());
    ASSERT_TRUE(
        crypto::write_public_key(fs::posix(), public_key_, crypto::SigningKey(seed).public_key())
            .ok());
    const auto made = audit_checkpoint(services_, {.layout = layout(), .key_path = key_});
    ASSERT_TRUE(made.ok());
    key_text_ = made->verifier_key;
    ASSERT_TRUE(fs::write_new(fs::posix(), checkpoint_, content(member("checkpoint")), 0600).ok());
  }

  Layout layout() const {
    return {.data_dir = folder_.path(), .db_path = folder_ / "cortex.db", .event_log_path = path_};
  }
  std::string member(std::string_view name) const {
    return fs::join(ledger::sidecar_path(path_), name);
  }
  static std::string content(const std::string& path) {
    return fs::read_all(fs::posix(), path, 1U << 20U).value();
  }
  VerifyReport verify_report() {
    return audit_verify(services_,
                        {.layout = layout(), .since = checkpoint_, .checkpoint_key = public_key_});
  }
  Result<ProveReport> prove(std::uint64_t n) {
    return audit_prove(
        services_, {.layout = layout(),
                    .event_id = core::id_text(core::IdKind::kEvent, ledger::sample_event(n).id)});
  }
  static bool said(const VerifyReport& report, std::string_view text) {
    for (const std::string& note : report.notes) {
      if (note.find(text) != std::string::npos) return true;
    }
    return report.error && report.error->text().find(text) != std::string::npos;
  }
  // Calls `look` with every single-bit flip and every truncation of the file, then puts it back.
  void with_every_change(const std::string& path,
                         const std::function<void(std::string_view what)>& look) {
    const std::string good = content(path);
    for (std::size_t i = 0; i < good.size() * 8; ++i) {
      std::string changed = good;
      changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
      ledger::scribble(path, changed);
      look(cat("bit ", i));
      if (HasFailure()) break;
    }
    for (std::size_t size = 0; size < good.size(); ++size) {
      ledger::scribble(path, good.substr(0, size));
      look(cat("cut to ", size));
      if (HasFailure()) break;
    }
    ledger::scribble(path, good);
  }

  void expect_every_change_of_the_ledger_reported() {
    const std::size_t last = content(path_).size() - 1;
    with_every_change(path_, [&](std::string_view what) {
      const VerifyReport report = verify_report();
      // The newline behind the last row is no part of it, and the next append puts it back.
      if (what == cat("cut to ", last)) {
        EXPECT_EQ(report.code, Code::kOk) << what;
        EXPECT_TRUE(said(report, "final_newline_missing: row 3 ")) << what;
        return;
      }
      EXPECT_NE(report.code, Code::kOk) << what;
      ASSERT_TRUE(report.error) << what;
      EXPECT_TRUE(said(report, "row") || said(report, "line")) << what << report.error->text();
    });
  }

  Services services_{fs::posix(), system_clock(), system_random()};
  std::string key_ = folder_ / "log.seed";
  std::string public_key_ = folder_ / "log.pub";
  std::string key_text_;  // the same as `audit checkpoint` prints it, in the place of a path
  std::string checkpoint_ = folder_ / "old.checkpoint";
};

TEST_F(TamperTest, Untouched_IsInOrder) {
  const VerifyReport report = verify_report();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_TRUE(report.notes.empty());
}

TEST_F(TamperTest, EveryChangeOfTheLedger_IsReportedWithItsPlace) {
  expect_every_change_of_the_ledger_reported();
}

// Rows that are signed and covered: what neither signature nor row hash binds is bound by the tree.
class SignedTamperTest : public TamperTest {
 protected:
  void SetUp() override {
    auto log = open_log();
    ASSERT_TRUE(log.ok());
    crypto::Seed seed;
    seed.fill(7);
    ASSERT_TRUE((*log)->sign_with(crypto::SigningKey(seed), system_clock()).ok());
    (*log)->begin_coverage();
    for (std::uint64_t n = 1; n <= 3; ++n) {
      core::Event event = ledger::sample_event(n);
      ASSERT_TRUE((*log)->append(event).ok());
    }
    ASSERT_TRUE((*log)->commit().ok());
    log->reset();
    finish_set_up();
  }
};

TEST_F(SignedTamperTest, EveryChangeOfASignedLedger_IsReportedWithItsPlace) {
  ASSERT_NE(bytes().find("\"signature\":{"), std::string::npos);
  EXPECT_EQ(verify_report().code, Code::kOk);
  expect_every_change_of_the_ledger_reported();
}

// By its own token, or as a record that is not what was made here: the file is named.
TEST_F(SignedTamperTest, EveryChangeOfTheAnchors_IsReportedWithTheFile) {
  const std::string one = folder_ / "one.anchor", all = folder_ / "all.anchors";
  AnchorRequest request{.layout = layout()};
  request.output = one;
  request.history = all;
  ASSERT_EQ(audit_anchor(services_, request).code, Code::kOk);
  request.output.reset();
  ASSERT_EQ(audit_anchor(services_, request).code, Code::kOk);
  for (const std::string& path : {one, all}) {
    VerifyRequest verify{.layout = layout()};
    (path == one ? verify.against : verify.against_history) = path;
    const VerifyReport good = audit_verify(services_, verify);
    ASSERT_EQ(good.code, Code::kOk) << good.error->text();
    ASSERT_FALSE(said(good, cortex::quoted(path)));
    verify.strict = true;
    ASSERT_EQ(audit_verify(services_, verify).code, Code::kOk);
    verify.strict = false;
    with_every_change(path, [&](std::string_view what) {
      const VerifyReport report = audit_verify(services_, verify);
      EXPECT_TRUE(said(report, cortex::quoted(path))) << what;
      verify.strict = true;
      EXPECT_NE(audit_verify(services_, verify).code, Code::kOk) << what;
      verify.strict = false;
    });
  }
}

// Only histories grow: a file of one anchor is made again under its name.
TEST_F(TamperTest, AnAnchorThatWasMadeAgain_MissesNoOther) {
  const std::string one = folder_ / "one.anchor", all = folder_ / "all.anchors";
  AnchorRequest request{.layout = layout()};
  request.output = one;
  request.history = all;
  ASSERT_EQ(audit_anchor(services_, request).code, Code::kOk);
  ASSERT_TRUE(fs::posix().remove_file(one).ok());
  append_rows(4, 1);
  ASSERT_EQ(audit_anchor(services_, request).code, Code::kOk);
  VerifyRequest verify{.layout = layout(), .strict = true};
  verify.against = one;
  verify.against_history = all;
  const VerifyReport report = audit_verify(services_, verify);
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  const std::string history = content(all);
  ledger::scribble(all, history.substr(0, history.size() / 2));
  const VerifyReport cut = audit_verify(services_, verify);
  ASSERT_TRUE(cut.error);
  EXPECT_EQ(cut.error->token, ledger::kRecordMissingToken);
}

TEST_F(TamperTest, EveryChangeOfASignedCheckpoint_IsReported) {
  with_every_change(checkpoint_, [&](std::string_view what) {
    const VerifyReport report = verify_report();
    EXPECT_NE(report.code, Code::kOk) << what;
    EXPECT_TRUE(report.error && report.error->token.starts_with("audit.since.")) << what;
  });
}

TEST_F(TamperTest, EveryChangeOfAProof_IsRejected) {
  const std::string path = folder_ / "p.tlog-proof";
  ASSERT_TRUE(fs::write_new(fs::posix(), path, prove(2)->proof, 0600).ok());
  ASSERT_TRUE(check_proof(services_, {.file = path, .key_path = public_key_}).ok());
  ASSERT_TRUE(check_proof(services_, {.file = path, .key_path = key_text_}).ok());
  with_every_change(path, [&](std::string_view what) {
    const auto checked = check_proof(services_, {.file = path, .key_path = public_key_});
    ASSERT_FALSE(checked.ok()) << what;
    EXPECT_EQ(checked.error().code, Code::kQuarantined) << what;
    EXPECT_TRUE(checked.error().token.starts_with("audit.proof.")) << what;
  });
}

// A hint: one that is damaged is recognised by its check and ignored.
TEST_F(TamperTest, EveryChangeOfTheHeadFile_IsHarmless) {
  with_every_change(ledger::head_file_path(path_), [&](std::string_view what) {
    EXPECT_EQ(verify_report().code, Code::kOk) << what;
    EXPECT_FALSE(ledger::load_head_file(fs::posix(), path_)) << what;
  });
}

TEST_F(TamperTest, EveryChangeOfTheTree_IsNamedAndHarmless) {
  for (const std::string_view name : {"state", "tile/0/000.p/3", "checkpoint", "checkpoints/3"}) {
    with_every_change(member(name), [&](std::string_view what) {
      const VerifyReport report = verify_report();
      EXPECT_EQ(report.code, Code::kOk) << name << what << report.error->text();
      EXPECT_TRUE(said(report, cat("tree=damaged ", name.substr(0, 10)))) << name << what;
    });
  }
}

// Places of rows only; proofs find the row another way.
TEST_F(TamperTest, EveryChangeOfTheIndex_IsHarmless) {
  const std::string good = prove(2)->proof;
  for (const std::string_view name : {"ids", "offsets"}) {
    with_every_change(member(name), [&](std::string_view what) {
      const auto proof = prove(2);
      ASSERT_TRUE(proof.ok()) << name << what << proof.error().text();
      EXPECT_EQ(proof->proof, good) << name << what;
    });
  }
}

TEST_F(TamperTest, DamagedTree_IsMadeAgainForAProof) {
  const std::string good = prove(3)->proof;
  for (const std::string_view name : {"state", "tile/0/000.p/3"}) {
    with_every_change(member(name), [&](std::string_view what) {
      const auto proof = prove(3);
      ASSERT_TRUE(proof.ok()) << name << what << proof.error().text();
      EXPECT_EQ(proof->proof, good) << name << what;
    });
  }
}

TEST_F(TamperTest, ChangedRow_IsNotProvenButTheOthersAre) {
  std::string text = bytes();
  const std::size_t second = text.find('\n');
  write(ledger::replaced(text, "\"session_id\":\"s\"", "\"session_id\":\"t\"", second));
  const auto proof = prove(2);
  ASSERT_FALSE(proof.ok());
  EXPECT_EQ(proof.error().token, kRowDiffersToken);
  EXPECT_TRUE(prove(1).ok());
  EXPECT_TRUE(prove(3).ok()) << "nothing was built anew from the changed ledger";
}

TEST_F(TamperTest, LaterRows_WaitForACheckpoint) {
  append_rows(4, 300);
  EXPECT_EQ(prove(4).error().token, kAfterCheckpointToken);
  EXPECT_TRUE(prove(3).ok()) << "from the tiles of a larger tree";
  ASSERT_TRUE(audit_checkpoint(services_, {.layout = layout(), .key_path = key_}).ok());
  for (const std::uint64_t n : {1U, 4U, 256U, 257U, 303U}) {
    const std::string path = folder_ / cat(n, ".tlog-proof");
    const auto proof = prove(n);
    ASSERT_TRUE(proof.ok()) << proof.error().text();
    ASSERT_TRUE(fs::write_new(fs::posix(), path, proof->proof, 0600).ok());
    const auto checked = check_proof(services_, {.file = path, .key_path = public_key_});
    ASSERT_TRUE(checked.ok()) << checked.error().text();
    EXPECT_EQ(checked->row, n);
  }
  EXPECT_EQ(verify_report().code, Code::kOk);
}

TEST_F(TamperTest, NothingIsSignedThatContradictsAnEarlierCheckpoint) {
  const std::string first = content(path_).substr(0, content(path_).find('\n') + 1);
  write(first);
  auto refused = audit_checkpoint(services_, {.layout = layout(), .key_path = key_});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().token, ledger::kTailCutToken);
  const auto accepted =
      audit_checkpoint(services_, {.layout = layout(), .key_path = key_, .reset = true});
  ASSERT_TRUE(accepted.ok()) << accepted.error().text();
  EXPECT_TRUE(accepted->set_aside);
  EXPECT_EQ(accepted->rows, 1U);
  const VerifyReport report = verify_report();
  EXPECT_EQ(report.error->token, "audit.since.truncated") << "what was signed then still tells";
}

// What was done before the last step failed is said.
TEST_F(TamperTest, FileThatCannotBeWritten_LeavesWhatWasWrittenBefore) {
  append_rows(4, 1);
  const auto taken =
      audit_checkpoint(services_, {.layout = layout(), .key_path = key_, .output = checkpoint_});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, Code::kPrecondition);
  EXPECT_TRUE(prove(4).ok()) << "the checkpoint is there";
  EXPECT_NE(taken.error().text().find(cat("kept in \"", member("checkpoint"))), std::string::npos)
      << taken.error().text();
  const std::string output = folder_ / "an.anchor";
  const AnchorReport anchor = audit_anchor(
      services_, {.layout = layout(), .output = output, .history = folder_ / "none/history"});
  EXPECT_EQ(anchor.code, Code::kPrecondition);
  EXPECT_FALSE(content(output).empty());
  ASSERT_TRUE(anchor.error);
  EXPECT_EQ(anchor.error->unchanged,
            cat(cortex::quoted(output), " was written, the history was not"));
}

TEST_F(TamperTest, UnknownAndForeignInput_IsRefused) {
  EXPECT_EQ(audit_checkpoint(services_, {.layout = layout()}).error().code, Code::kUsage);
  EXPECT_EQ(audit_checkpoint(services_, {.layout = layout(), .key_path = key_, .origin = "a b"})
                .error()
                .code,
            Code::kUsage);
  EXPECT_EQ(
      audit_checkpoint(services_, {.layout = layout(), .key_path = folder_ / "none"}).error().code,
      Code::kPrecondition);
  EXPECT_EQ(prove(9).error().code, Code::kPrecondition);
  EXPECT_EQ(audit_prove(services_, {.layout = layout(), .event_id = "mem_1"}).error().code,
            Code::kUsage);
  EXPECT_EQ(check_proof(services_, {.file = checkpoint_, .key_path = public_key_}).error().token,
            kProofMalformedToken);
}

}  // namespace
}  // namespace cortex::app
