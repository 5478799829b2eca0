// A session file under the path rules of `ingest`, ready to be read as a stream, more than once.
#pragma once

#include <memory>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "ledger/session_reader.h"

namespace cortex::app {

class SessionFile {
 public:
  // The path has no `..` step, and symbolic links on it do not leave its root: the working folder
  // for paths below it, else the file's own folder. Errors: kPrecondition.
  static Result<SessionFile> open(fs::FileSystem& fs, const std::string& path);

  // A session that is in memory already.
  static Result<SessionFile> of_text(std::string text);

  ledger::ReadAt reader();

 private:
  std::string text_;                // of what can be read only once (a pipe)
  std::shared_ptr<fs::File> file_;  // a regular file, else null
};

}  // namespace cortex::app
