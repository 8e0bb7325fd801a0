<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** The ssl options of a socket context. */
final class SslContext
{
    /** Options that change nothing for a server, whatever their value. */
    private const NO_EFFECT = ['disable_compression', 'single_dh_use', 'SNI_enabled', 'capture_peer_cert', 'capture_peer_cert_chain', 'peer_name'];

    private array $options;

    /** @var string[] */
    private array $reasons = [];

    /** @var array<string,string> */
    private array $flags = [];

    public function __construct(array $options)
    {
        $this->options = $options;
        $this->read();
    }

    /** @return string[] why only PHP can serve it */
    public function reasons(): array
    {
        return $this->reasons;
    }

    /** @return array<string,string> */
    public function flags(): array
    {
        return $this->flags;
    }

    private function read(): void
    {
        $o = $this->options;
        if (empty($o['local_cert'])) {
            $this->reasons[] = 'ssl.local_cert is missing';
        }
        $verify = !empty($o['verify_peer']);
        foreach ($o as $name => $value) {
            switch ($name) {
                case 'local_cert':
                    $this->flags['ssl-cert'] = (string) $value;
                    break;
                case 'local_pk':
                    $this->flags['ssl-key'] = (string) $value;
                    break;
                case 'cafile':
                    if ($verify) {
                        $this->flags['ssl-client-ca'] = (string) $value;
                    }
                    break;
                case 'verify_peer':
                    if ($verify && empty($o['cafile'])) {
                        $this->reasons[] = 'ssl.verify_peer is on without ssl.cafile';
                    }
                    break;
                case 'verify_peer_name':
                case 'allow_self_signed':
                case 'verify_depth':
                case 'capath':
                    if ($verify && !empty($value)) {
                        $this->reasons[] = "ssl.$name is set together with ssl.verify_peer";
                    }
                    break;
                case 'passphrase':
                    if ((string) $value !== '') {
                        $this->reasons[] = 'ssl.passphrase is set: the program reads keys without one';
                    }
                    break;
                default:
                    if (!in_array($name, self::NO_EFFECT, true)) {
                        $this->reasons[] = "ssl.$name is set, which the program does not have";
                    }
            }
        }
    }
}
