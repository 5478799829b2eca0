#include "cli/logging.h"

#include <gtest/gtest.h>

namespace cortex::cli {
namespace {

TEST(Logging, OnlyAGlobalLevelOfInfoOrFinerTurnsTheLinesOn) {
  for (const char* on : {"info", "debug", "trace", "INFO", "hyper=warn,info", "warn,debug", "3"}) {
    EXPECT_TRUE(logs_info(on)) << on;
  }
  for (const char* off :
       {"", "error", "warn", "off", "hyper=info", "cortex", "info,off", "=info"}) {
    EXPECT_FALSE(logs_info(off)) << off;
  }
}

TEST(Logging, LinesHaveTheRecordedFieldsAndNoColour) {
  const Timestamp t{.seconds = 0, .nanos = 1'000};
  EXPECT_EQ(started_line(t, "cmd_1_2", "decay"),
            "1970-01-01T00:00:00.000001Z  INFO cortex: command_started audit_schema_version=1 "
            "operation=\"cli.command\" correlation_id=cmd_1_2 command=\"decay\" "
            "proof_state=\"UNKNOWN\" authority_class=\"diagnostic_only\" diagnostic_only=true\n");
  EXPECT_EQ(completed_line(t, "cmd_1_2", "audit", Code::kChain),
            "1970-01-01T00:00:00.000001Z  INFO cortex: command_completed audit_schema_version=1 "
            "operation=\"cli.command\" correlation_id=cmd_1_2 command=\"audit\" exit_code=6 "
            "status=\"error\" proof_state=\"UNKNOWN\" authority_class=\"diagnostic_only\" "
            "diagnostic_only=true\n");
}

}  // namespace
}  // namespace cortex::cli
