import { Icon } from './icon.js';

interface Props {
  href: string;
  /** Says what is downloaded, for screen readers. It begins with the text. */
  label: string;
  text: string;
}

export function DownloadLink({ href, label, text }: Props) {
  return (
    <a class="tool" href={href} download aria-label={label}>
      <Icon name="export" />
      {text}
    </a>
  );
}
