// Arguments and results that several tools have in common.
#pragma once

#include "mcp/schema.h"

namespace cortex::mcp {

inline constexpr Field kMemoryId = {.name = "memory_id",
                                    .about = "the memory: mem_...",
                                    .required = true,
                                    .more = "\"pattern\":\"^mem_\""};
inline constexpr Field kTokenField = {
    .name = "confirmation_token",
    .about = "the token that the server printed for the person who started it",
    .required = true};
inline constexpr Field kReasonField = {
    .name = "reason", .about = "why, for those who read it later", .nullable = true};
inline constexpr Field kEventField = {.name = "event_id",
                                      .about = "the ledger row that records it"};

}  // namespace cortex::mcp
