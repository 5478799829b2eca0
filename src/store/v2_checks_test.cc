#include "store/v2_checks.h"

#include <gmock/gmock.h>

#include "store/store_fixture.h"
#include "store/v2_backfill.h"
#include "store/v2_fixture.h"

namespace cortex::store {
namespace {

using testing::Contains;
using testing::Field;
using testing::IsEmpty;

class V2ChecksTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    exec(kV1Rows);
    ASSERT_TRUE(backfill_v2(db_, {1'700'000'000, 0}).ok());
  }
  std::vector<SchemaFailure> failures() { return check_v2_persistence(db_).value(); }
};

TEST_F(V2ChecksTest, BackfilledStore_IsReady) {
  EXPECT_THAT(failures(), IsEmpty());
  EXPECT_THAT(check_v2_shape(db_).value(), IsEmpty());
}

TEST_F(V2ChecksTest, PartOfTheShape_IsNamed) {
  exec("DROP TABLE memory_session_uses");
  EXPECT_THAT(check_v2_shape(db_).value(),
              Contains(Field(&SchemaFailure::invariant, "schema_v2_expand_shape.complete")));
  EXPECT_THAT(failures(), Contains(Field(&SchemaFailure::invariant,
                                         "schema_v2_default_persistence.s2_9_shape.complete")));
}

struct Damage {
  const char* sql;
  const char* invariant;
};
constexpr Damage kDamages[] = {
    {"UPDATE events SET source_attestation_json = NULL", "source_attestation.present"},
    {"UPDATE events SET source_attestation_json = '{\"state\":\"odd\"}'",
     "source_attestation.valid"},
    {"UPDATE events SET source_attestation_json = '{\"state\":\"verified\"}'",
     "source_attestation.valid"},
    {"UPDATE episodes SET summary = 'what happened then'", "summary_spans.valid"},
    {"UPDATE memories SET summary_spans_json = '{}'", "summary_spans.valid"},
    {"UPDATE context_packs SET consumer_advisory_json = '{}'", "context_pack_advisory.valid"},
    {"UPDATE memories SET first_used_at = 'yesterday'", "cross_session_salience.valid"},
    {"UPDATE memories SET validation_epoch = NULL", "cross_session_salience.valid"},
    {"INSERT INTO memory_session_uses VALUES ('mem_01JB0000000000000000000001', 's',"
     " '2026-01-02T00:00:00+00:00', '2026-01-01T00:00:00+00:00', 1)",
     "memory_session_uses.valid"},
    {"INSERT INTO memory_session_uses VALUES ('mem_01JB0000000000000000000001', 's',"
     " '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00', 0)",
     "memory_session_uses.valid"},
    {"INSERT INTO outcome_memory_relations(outcome_ref, memory_id, relation, recorded_at) VALUES"
     " ('o', 'mem_01JB0000000000000000000001', 'liked', 'now')",
     "outcome_memory_relations.valid"},
    {"INSERT INTO outcome_memory_relations(outcome_ref, memory_id, relation, recorded_at) VALUES"
     " ('o', 'mem_01JB0000000000000000000001', 'validated', 'now')",
     "outcome_memory_relations.valid"},
    {"UPDATE events SET schema_version = 2", "event_framing.valid"},
};

TEST_F(V2ChecksTest, EachDamage_IsNamed) {
  for (const Damage& damage : kDamages) {
    exec("SAVEPOINT s");
    exec(damage.sql);
    EXPECT_THAT(failures(),
                Contains(Field(&SchemaFailure::invariant,
                               std::string("schema_v2_default_persistence.") + damage.invariant)))
        << damage.sql;
    exec("ROLLBACK TO s; RELEASE s");
  }
  EXPECT_THAT(failures(), IsEmpty());
}

}  // namespace
}  // namespace cortex::store
