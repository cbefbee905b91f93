# Units as systemd 219 (RHEL 7) reads them: other names, and without the walls that it does not know. Some of them it
# would only warn of; a filter of system calls whose groups it does not know would let nothing through.
s/^ReadWritePaths=/ReadWriteDirectories=/
s/^ProtectSystem=strict$/ProtectSystem=full/
s/^TimeoutStartSec=infinity$/TimeoutStartSec=0/
/^StartLimitIntervalSec=0$/d
s/^\[Service\]$/&\nStartLimitInterval=0/
/^\(ProtectProc\|ProcSubset\|ProtectClock\|ProtectControlGroups\|ProtectHostname\|ProtectKernel[A-Za-z]*\|PrivateMounts\)=/d
/^\(PrivateUsers\|KeyringMode\|LockPersonality\|MemoryDenyWriteExecute\|Restrict\(Namespaces\|Realtime\|SUIDSGID\)\)=/d
/^\(SystemCallFilter\|SystemCallErrorNumber\)=/d
/^# The inspector's own walls/d
