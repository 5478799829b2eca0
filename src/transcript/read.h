// Reads a transcript or a memory store of another program, one turn at a time, in constant memory.
#pragma once

#include <string>

#include "transcript/format.h"
#include "transcript/turn.h"

namespace cortex::transcript {

// `session`: for turns whose format names none (the name of the file, as a rule). Lines and
// elements that the format does not know are handed out too, and counted. Errors: kUsage when the
// file is no such document at all; what `read` or `on_turn` returned.
Result<Counts> read_transcript(Format format, const ReadAt& read, const std::string& session,
                               const OnTurn& on_turn);

}  // namespace cortex::transcript
